"""What openstacksdk and the openstack command make of clouds.yaml, secure.yaml, variables and flags.

Reads a JSON list of cases from standard input, each {"files": {path: text}, "env": {}, "argv": [], "as": "command" or
"library", "kwargs": {}}, and prints the list of what comes out of each. Each case runs in a folder and a process of its own.
"""
import importlib
import json
import os
import shutil
import sys
import tempfile
import warnings

import keystoneauth1.loading
import openstack.config.loader
import openstackclient.shell
from osc_lib import shell as osc_shell
from osc_lib.cli import client_config

warnings.simplefilter('ignore')


def command(argv):
    """As the command, up to the point where it would log in."""
    app = openstackclient.shell.OpenStackShell()
    app.options, _ = app.parser.parse_known_args(argv)
    app._final_defaults()
    config = client_config.OSC_Config(
        override_defaults={'interface': osc_shell.DEFAULT_INTERFACE, 'auth_type': app._auth_type})
    # Debian 12's command passes an empty name where none is given, and so never takes the usual cloud; later releases do.
    cloud = config.get_one(cloud=app.options.cloud or None, argparse=app.options, validate=False)
    config._validate_auth(cloud.config, config._get_auth_loader(cloud.config))
    return cloud


def library(kwargs):
    return openstack.config.loader.OpenStackConfig().get_one(**kwargs)


def describe(cloud):
    config = cloud.config
    verify, cert = cloud.get_requests_verify_args()
    return {
        'name': cloud.name,
        'region': config.get('region_name') or None,
        'type': config['auth_type'],
        'auth': {key: value for key, value in sorted(config['auth'].items()) if value is not None},
        'interface': config.get('interface'),
        'verify': verify,
        'cert': cert,
        'timeout': None if config.get('api_timeout') is None else float(config['api_timeout']),
        'endpoint': cloud.get_endpoint('load-balancer'),
    }


def result(case):
    try:
        if case.get('as') == 'library':
            return describe(library(case.get('kwargs', {})))
        return describe(command(case.get('argv', [])))
    except SystemExit as error:
        return {'error': 'exit %s' % error.code}
    except Exception as error:
        return {'error': str(error) or type(error).__name__}


def run(case):
    """In a child, for the search path is made of the environment when modules are loaded."""
    root = os.path.realpath(tempfile.mkdtemp(prefix='clouds-'))
    for folder in ('home', 'work'):
        os.mkdir(os.path.join(root, folder))
    for path, text in case.get('files', {}).items():
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as file:
            file.write(text)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.chdir(os.path.join(root, 'work'))
        os.environ.clear()
        os.environ.update({'HOME': os.path.join(root, 'home'), 'PATH': '/usr/bin:/bin', 'LC_ALL': 'C.UTF-8'})
        os.environ.update({key: value.replace('ROOT', root) for key, value in case.get('env', {}).items()})
        null = os.open('/dev/null', os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        importlib.reload(openstack.config.loader)
        importlib.reload(client_config)
        text = json.dumps(result(case), default=str).replace(root, 'ROOT')
        os.write(writer, text.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as file:
        text = file.read()
    os.waitpid(child, 0)
    shutil.rmtree(root)
    return json.loads(text)


print(json.dumps([run(case) for case in json.load(sys.stdin)]))
