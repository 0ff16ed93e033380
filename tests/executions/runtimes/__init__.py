"""How each runtime builds, starts and reads a failing program."""

import faults.java
import faults.node
import faults.other
import faults.python
import faults.python_packages
import faults.shell

from runtimes.java import Java
from runtimes.node import Node
from runtimes.other import Other
from runtimes.python import Python
from runtimes.shell import Shell


def every(services, quick):
    """Each runtime with its faults."""
    yield Python(services, quick), faults.python.fault.all + faults.python_packages.all_faults
    yield Node(services, quick), faults.node.fault.all
    yield Java(services, quick), faults.java.fault.all
    yield Shell(services, quick), faults.shell.fault.all
    yield Other(services, quick), faults.other.fault.all
