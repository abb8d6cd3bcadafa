import pytest

from support import records


@pytest.fixture(scope="session")
def postgresql():
    """One server for all, with the roles of roles.sql."""
    server = records.Server()
    yield server
    server.close()


@pytest.fixture
def database(postgresql):
    """A database of one's own, with the schema of the shipped files."""
    with postgresql.copied() as name:
        yield name


@pytest.fixture
def bare(postgresql):
    """A database with the roles and without a schema."""
    with postgresql.copied(schema=False) as name:
        yield name


@pytest.fixture(scope="session")
def filled(postgresql):
    """One with so many rows that a plan without an index would be the worse one. To be read, or changed and rolled back."""
    with postgresql.made() as name:
        records.fill(postgresql, name)
        yield name
