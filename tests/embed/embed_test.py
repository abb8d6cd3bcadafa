"""The library in a program of somebody else: what is installed suffices, and nothing else is needed."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("GATEHOUSE_BUILD", ROOT / "build"))
EXAMPLE = ROOT / "examples" / "embed"
HEADERS = sorted((ROOT / "include" / "gatehouse").glob("*.h"))
STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
DECISION_ID = "a5" * 12  # the example's randomness is none


def run(*command, **kwargs):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **kwargs)
    assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """Gatehouse installed below a folder of its own, and the environment that finds it there."""
    root = tmp_path_factory.mktemp("root")
    run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root)
    found = list(root.rglob("gatehouse.pc"))
    assert len(found) == 1, found
    libraries = found[0].parent.parent
    assert list(libraries.glob("libgatehouse.so")) and list(libraries.glob("libgatehouse.a"))
    return {**os.environ, "PKG_CONFIG_PATH": str(found[0].parent), "PKG_CONFIG_SYSROOT_DIR": str(root),
            "LD_LIBRARY_PATH": str(libraries)}


def declared_functions():
    """The functions that the public headers mark as the interface."""
    names = set()
    for header in HEADERS:
        text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
        names |= set(re.findall(r"^GH_API\b[^;{]*?\b(gh_\w+)\(", text, re.M))
    return names


@pytest.mark.parametrize("header", HEADERS, ids=lambda h: h.name)
@pytest.mark.parametrize("compiler, suffix", [(["cc", "-std=c17"], "c"), (["c++", "-std=c++17"], "cpp")], ids=["c", "cpp"])
def test_each_installed_header_stands_alone(tmp_path, installed, header, compiler, suffix):
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"there is no {compiler[0]}")
    source = tmp_path / f"a.{suffix}"
    source.write_text(f"#include <gatehouse/{header.name}>\n#include <gatehouse/{header.name}>\nint a;\n")
    flags = run("pkg-config", "--cflags", "gatehouse", env=installed).split()
    run(*compiler, *STRICT, *flags, "-c", source, "-o", tmp_path / "a.o")


def test_a_cpp_program_links(tmp_path, installed):
    if shutil.which("c++") is None:
        pytest.skip("there is no c++")
    source = tmp_path / "a.cpp"
    source.write_text('#include <gatehouse/gatehouse.h>\n#include <cstdio>\n'
                      'int main() { gh_ip ip; return gh_ip_parse(GH_STR("::1"), &ip) ? !std::puts(gh_version()) : 1; }\n')
    flags = run("pkg-config", "--cflags", "--libs", "gatehouse", env=installed).split()
    run("c++", "-std=c++17", *STRICT, source, *flags, "-o", tmp_path / "a")
    assert run(tmp_path / "a", env=installed).strip() == run("pkg-config", "--modversion", "gatehouse", env=installed).strip()


@pytest.mark.parametrize("target", ["embed", "static"])
def test_the_example_builds_from_what_is_installed_and_works(tmp_path, installed, target):
    for file in EXAMPLE.iterdir():
        if file.name in ("embed.c", "Makefile"):
            shutil.copy(file, tmp_path)
    run("make", target, f"CFLAGS={' '.join(STRICT)}", cwd=tmp_path, env=installed)
    needed = run("readelf", "-d", tmp_path / "embed")
    assert ("libgatehouse.so.0" in needed) == (target == "embed")
    environment = installed if target == "embed" else dict(os.environ)
    out = run("./embed", cwd=tmp_path, env=environment)
    forwarded, limited, refused, preflight = re.split(r"(?m)^(?=GET.*: 4|OPTIONS)", out)
    assert forwarded == "GET /songs/../songs/%37: forward /songs/7 to route songs\n" * 2
    assert limited.startswith("GET /songs/../songs/%37: 429 rate_limit_exceeded\n")
    for part in ("Retry-After: ", "RateLimit: ", "X-Content-Type-Options: nosniff", '"error":"rate_limit_exceeded"', DECISION_ID):
        assert part in limited, part
    assert refused.startswith("GET /songs/../songs/%37: 400 host_not_allowed\n")
    assert '"error":"host_not_allowed"' in refused
    assert preflight.startswith("OPTIONS /songs/7: 204 none\n")
    assert "Access-Control-Allow-Origin: https://app.example.com" in preflight
    assert "{" not in preflight, "a preflight's answer has no body"


def test_the_shared_library_exports_the_declared_functions_and_nothing_else(installed):
    (library,) = {p.resolve() for p in pathlib.Path(installed["LD_LIBRARY_PATH"]).glob("libgatehouse.so")}
    output = run("nm", "-D", "--defined-only", library)
    exported = {line.split()[2].partition("@")[0] for line in output.splitlines()}
    declared = declared_functions()
    assert len(declared) > 10, "the pattern finds the declarations"
    assert exported == declared


def test_the_installed_headers_are_the_public_ones(installed):
    (folder,) = pathlib.Path(installed["PKG_CONFIG_SYSROOT_DIR"]).rglob("include/gatehouse")
    assert {p.name for p in folder.iterdir()} == {h.name for h in HEADERS}


def test_public_headers_define_nothing_without_the_prefix():
    """Names that a host program may use for itself."""
    for header in HEADERS:
        for name in re.findall(r"^\s*#\s*define\s+(\w+)", header.read_text(), re.M):
            assert name.startswith(("GH_", "GATEHOUSE_")), f"{header.name}: {name}"
