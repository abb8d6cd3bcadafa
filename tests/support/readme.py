"""The commands of a README, run as they are written.

A block ```sh holds steps, with an empty line between them. A step's comment says what comes of it: "# 401 session_invalid: ..."
is the status and error of the answer that its last command shows (curl -i); other comments are the test's own to check. All
steps run in one shell."""
import pathlib
import re
import subprocess

from support import stores
from support.gateway import BINARY, clean_environment
from support.timing import guard

PROMISE = re.compile(r"^# (\d{3})(?: ([a-z_]+))?: ", re.M)
STATUS = re.compile(r"^HTTP/1\.1 (\d{3}) ", re.M)


def blocks(text):
    """The blocks of commands, each a list of steps."""
    return [[step for step in re.split(r"\n{2,}", block.strip("\n"))] for block in re.findall(r"^```sh\n(.*?)^```$", text, re.M | re.S)]


class Step:
    def __init__(self, text, output):
        self.text, self.output = text, output

    def kept(self):
        """None, or how the answer differs from what the comment promises."""
        promise = PROMISE.search(self.text)
        if not promise:
            return None
        status, error = promise.groups()
        seen = STATUS.findall(self.output)
        if not seen or seen[-1] != status:
            return f"{status} was promised, {seen} came"
        if error and f'"error":"{error}"' not in self.output:
            return f"{error} was promised"
        return None


def perform(steps, folder, replace, env=None):
    """Runs the steps in `folder` and holds them to their promises; returns them with their output. `replace`: what stands
    in the README: what it is here, as ports."""
    script = ["set -u"]
    for number, step in enumerate(steps):
        for old, new in replace.items():
            step = step.replace(old, new)
        script.append(f"printf '\\n@@ {number}\\n'\n{step}\n[ $? -eq 0 ] || printf '\\n@@ failed\\n'")
    programs = pathlib.Path(folder) / ".programs"
    programs.mkdir(exist_ok=True)
    if not (programs / "gatehouse").exists():
        (programs / "gatehouse").symlink_to(BINARY)
    environment = clean_environment(stores.known(folder, env))
    environment["PATH"] = f"{programs}:{environment['PATH']}"
    done = subprocess.run(["bash", "-c", "\n".join(script)], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=guard(120))
    parts = re.split(r"\n@@ \d+\n", done.stdout)[1:]
    assert len(parts) == len(steps), done.stdout
    ran = [Step(step, part) for step, part in zip(steps, parts)]
    wrong = [f"{step.text}\n--> {step.kept() or 'it failed'}\n{step.output}" for step in ran
             if step.kept() or "@@ failed" in step.output]
    assert not wrong, "\n\n".join(wrong)
    return ran
