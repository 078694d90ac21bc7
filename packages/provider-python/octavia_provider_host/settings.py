"""What a driver expects of its surroundings: oslo.config as the API sets it up, and the sockets of the driver agent."""

import inspect

SOCKETS = ("status_socket", "stats_socket", "get_socket")


def apply(arguments):
    _read_configuration(arguments.config_file)
    _place_sockets({name: getattr(arguments, name) for name in SOCKETS})


def _read_configuration(files):
    try:
        from oslo_config import cfg
    except ImportError:
        # A driver that needs it brings it.
        return
    options = [part for file in files for part in ("--config-file", file)]
    cfg.CONF(options, project="octavia", default_config_files=[], default_config_dirs=[])


def _place_sockets(paths):
    """Drivers make a DriverLibrary without arguments: what these stand for is decided when its class is made."""
    from octavia_lib.api.drivers import driver_lib

    for name, path in paths.items():
        if path:
            setattr(driver_lib, f"DEFAULT_{name.upper()}", path)
    constructor = driver_lib.DriverLibrary.__init__
    parameters = inspect.signature(constructor).parameters.values()
    given = [p for p in parameters if p.default is not inspect.Parameter.empty]
    constructor.__defaults__ = tuple(paths.get(p.name) or p.default for p in given)
