"""How each runtime builds, starts and reads a failing program."""

import faults.java
import faults.java_more
import faults.node
import faults.node_more
import faults.other
import faults.other_more
import faults.python
import faults.python_more
import faults.python_packages
import faults.python_packages_more
import faults.shell
import faults.shell_more

from runtimes.java import Java
from runtimes.node import Node
from runtimes.other import Other
from runtimes.python import Python
from runtimes.shell import Shell


def every(services, quick):
    """Each runtime with its faults."""
    yield Python(services, quick), (
        faults.python.fault.all + faults.python_packages.all_faults + faults.python_more.fault.all + faults.python_packages_more.fault.all
    )
    yield Node(services, quick), faults.node.fault.all + faults.node_more.fault.all
    yield Java(services, quick), faults.java.fault.all + faults.java_more.fault.all
    yield Shell(services, quick), faults.shell.fault.all + faults.shell_more.fault.all
    yield Other(services, quick), faults.other.fault.all + faults.other_more.fault.all
