"""A million sessions in memory: what each takes, and what it costs to ask for one."""

BYTES_A_SESSION = 300
PROGRAM = "roster_bench"  # CSV: name,value,unit
SAID = {
    "bytes_per_session": "memory of a session with its user, as Gatehouse counts it",
    "resident_per_session": "the same by the growth of resident memory",
    "memory": "one read of memory that is in no cache",
    "session": "looking up a session by its secret",
    "token": "looking up whether a token was revoked",
    "token_with_revocations": "the same when there are revocations",
}


def targets(rows):
    """(name, wanted, measured, met or None)"""
    name, wanted = "memory a session, a million of them", f"<= {BYTES_A_SESSION} B"
    found = {row["name"]: float(row["value"]) for row in rows}
    if not found:
        return [(name, wanted, "", None)]
    counted, resident = found["bytes_per_session"], found["resident_per_session"]
    return [(name, wanted, f"{counted:.0f} B (resident: {resident:.0f} B)", max(counted, resident) <= BYTES_A_SESSION)]


def table(rows):
    """Head and rows of the report's table."""
    found = {row["name"]: row for row in rows}
    return ["", "", ""], [[what, f"{float(found[name]['value']):,.0f}", found[name]["unit"]]
                          for name, what in SAID.items() if name in found]
