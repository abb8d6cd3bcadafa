"""What a core dump of a running process would hold: its memory, less what is marked not to be dumped."""
import re


def dumpable(pid):
    """(name, bytes) of every mapping that can be read and is not marked MADV_DONTDUMP. Needs the right to trace the process."""
    with open(f"/proc/{pid}/smaps") as f:
        text = f.read()
    head = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ \S+ *(.*)$")
    mappings = []
    for line in text.splitlines():
        match = head.match(line)
        if match:
            mappings.append([int(match[1], 16), int(match[2], 16), match[3], match[4], set()])
        elif line.startswith("VmFlags:"):
            mappings[-1][4] = set(line.split()[1:])
    assert any("dd" in m[4] for m in mappings), "the kernel does not tell of such marks"
    with open(f"/proc/{pid}/mem", "rb") as memory:
        for start, end, rights, name, flags in mappings:
            if rights[0] != "r" or "dd" in flags or name.startswith("[v"):
                continue
            memory.seek(start)
            try:
                yield name, memory.read(end - start)
            except OSError:
                pass  # behind the end of a file


def holding(pid, marks):
    """[(mapping, mark, what stands around it)] of each mark in the memory that a core dump would hold."""
    found = []
    for name, data in dumpable(pid):
        for mark in marks:
            at = data.find(mark)
            if at >= 0:
                found.append((name, mark, data[max(0, at - 60):at + len(mark) + 40]))
    return found
