"""The title of this process, as operators see it in the list of processes."""

import ctypes

# Fields of /proc/self/stat, counted from the state, which follows the name in parentheses: arg_start and arg_end.
_ARGUMENTS = slice(45, 47)


def set_title(text):
    """Writes over the arguments of the command line, as setproctitle does, which is not part of the standard library."""
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    start, end = (int(field) for field in fields[_ARGUMENTS])
    if not 0 < start < end:
        return
    # The last byte stays zero: otherwise the kernel reads on into the environment.
    title = text.encode()[: end - start - 1]
    ctypes.memset(start, 0, end - start)
    ctypes.memmove(start, title, len(title))
