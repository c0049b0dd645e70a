#!/usr/bin/env python3
"""build_a_driver.py CMAKE BUILD COMPILER SOURCE: installs the build into an empty folder, moves it,
builds the driver SOURCE against it by find_package(wskrun) and by pkg-config, and runs both."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(*command, env=None):
    done = subprocess.run([str(word) for word in command], env=env, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def check_driver(wskrun, driver):
    said = run(wskrun, "--for", "0.1", driver)
    for expected in ("hello from", "nothing was left behind"):
        if expected not in said:
            sys.exit(f"{driver} does not say '{expected}':\n{said}")


def by_find_package(cmake, compiler, source, prefix, folder):
    shutil.copytree(HERE / "driver", folder)
    shutil.copy(source, folder / "my_driver.c")
    build = folder / "build"
    run(cmake, "-G", "Ninja", "-S", folder, "-B", build, f"-DCMAKE_PREFIX_PATH={prefix}",
        f"-DCMAKE_C_COMPILER={compiler}")
    run(cmake, "--build", build)
    return build / "my_driver.so"


def by_pkg_config(compiler, source, prefix, folder):
    folder.mkdir()
    packages = next(prefix.rglob("pkgconfig"))
    flags = run("pkg-config", "--cflags", "--libs", "wskrun-driver",
                env={**os.environ, "PKG_CONFIG_PATH": str(packages)}).split()
    driver = folder / "my_driver.so"
    run(compiler, source, "-o", driver, *flags)
    return driver


def main(cmake, build, compiler, source):
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        run(cmake, "--install", build, "--prefix", root / "first")
        prefix = (root / "first").rename(root / "moved")
        wskrun = prefix / "bin/wskrun"
        check_driver(wskrun, by_find_package(cmake, compiler, source, prefix, root / "one"))
        check_driver(wskrun, by_pkg_config(compiler, source, prefix, root / "two"))


if __name__ == "__main__":
    main(*sys.argv[1:])
