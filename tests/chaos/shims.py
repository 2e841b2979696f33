"""What a process is made to believe: shared objects for LD_PRELOAD, compiled when needed."""
import os
import pathlib
import shutil
import subprocess

WHY_NOT = "there is no C compiler for the shim that is preloaded"


class Shim:
    """`name`.c of this folder; what it does is in a file, and may change at any time."""

    def __init__(self, folder, name, variable):
        self.library, self.control = folder / f"{name}.so", folder / f"{name}.control"
        self.variable = variable
        source = pathlib.Path(__file__).with_name(f"{name}.c")
        subprocess.run([compiler(), "-shared", "-fPIC", "-O1", "-o", self.library, source, "-ldl"],
                       check=True)
        self.set(0)

    def set(self, number):
        self.control.write_text(f"{number}\n")

    @property
    def environment(self):
        return {"LD_PRELOAD": str(self.library), self.variable: str(self.control)}

    @property
    def whole_environment(self):
        return {**os.environ, **self.environment}


def compiler():
    return shutil.which("cc")
