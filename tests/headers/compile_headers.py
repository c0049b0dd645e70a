#!/usr/bin/env python3
"""Compiles every header of include/wdk alone, and the sources beside this script, without a warning.

  compile_headers.py COMPILER WDK_FOLDER SOURCE_FOLDER

As a driver (16-bit wchar_t) in C11 and C++17, as a part of the runtime in C++20, and together with
libstdc++, before and after it; with clang also for its targets with Windows' data model (32-bit
long) that write ELF. A file in SOURCE_FOLDER/refused must not compile, and the compiler
must say what its first line says.
"""
import concurrent.futures
import pathlib
import subprocess
import sys

# pshpackN.h and poppack.h only make sense together; packing.c uses them.
NOT_ALONE = {"poppack.h", "pshpack1.h", "pshpack2.h", "pshpack4.h", "pshpack8.h"}
LANGUAGES = [("c", "gnu11"), ("c++", "gnu++17"), ("c++", "gnu++20")]
# How a header is compiled alone: as a driver in C and C++, as a part of the runtime.
HEADER_MODES = [("c", "gnu11", ["-fshort-wchar"]), ("c++", "gnu++17", ["-fshort-wchar"]),
                ("c++", "gnu++20", [])]
# Those of cmake/wskrun_wdk.cmake, which every driver gets.
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-multichar", "-Wno-unknown-pragmas",
            "-Wno-missing-braces", "-Wno-missing-field-initializers"]
CLANG_WARNINGS = ["-Wno-microsoft-anon-tag", "-Wno-pragma-pack"]
WINDOWS_TARGETS = ["x86_64-pc-windows-gnu-elf", "x86_64-pc-windows-msvc-elf"]
IS_WINDOWS_MODEL = ("typedef char is_windows_model[sizeof(long) == 4 && sizeof(void*) == 8 && "
                    "sizeof(L'x') == 2 ? 1 : -1];\n")
LIBSTDCXX = "#include <algorithm>\n#include <cstring>\n#include <map>\n#include <string>\n" \
            "#include <vector>\n"


def compile_text(compiler, wdk, text, language, standard, flags):
    warnings = WARNINGS + (CLANG_WARNINGS if "clang" in compiler else [])
    command = [compiler, "-x", language, f"-std={standard}", *warnings, "-fms-extensions",
               "-fno-strict-aliasing", f"-I{wdk}", *flags, "-fsyntax-only", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def native_jobs(wdk, sources):
    """Yields (name, text, language, standard, flags)."""
    for header in sorted(wdk.rglob("*.h")):
        name = header.relative_to(wdk).as_posix()
        if name in NOT_ALONE:
            continue
        for language, standard, flags in HEADER_MODES:
            yield name, f"#include <{name}>\n#include <{name}>\n", language, standard, flags
    for source in sorted([*sources.glob("*.c"), *sources.glob("*.cpp")]):
        text = f'#include "{source}"\n'
        for language, standard in LANGUAGES:
            if source.suffix == ".cpp" and language == "c":
                continue
            if source.stem.endswith(("_in_c", "_c_only")) and language == "c++":
                continue
            for debug in ("-DDBG=0", "-DDBG=1"):
                yield source.name, text, language, standard, ["-fshort-wchar", debug]


def libstdcxx_jobs():
    for exceptions in ("-fexceptions", "-fno-exceptions"):
        for text in (LIBSTDCXX + "#include <ntifs.h>\n#include <wsk.h>\n",
                     "#include <ntifs.h>\n#include <wsk.h>\n" + LIBSTDCXX):
            yield "with libstdc++", text, "c++", "gnu++20", [exceptions]


def jobs(compiler, wdk, sources):
    yield from native_jobs(wdk, sources)
    yield from libstdcxx_jobs()
    if "clang" not in compiler:
        return
    for target in WINDOWS_TARGETS:
        for name, text, language, standard, flags in native_jobs(wdk, sources):
            yield name, IS_WINDOWS_MODEL + text, language, standard, [*flags, f"--target={target}"]


def main():
    compiler, wdk, sources = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
    failures = []

    def run(job):
        name, text, language, standard, flags = job
        code, errors = compile_text(compiler, wdk, text, language, standard, flags)
        if code != 0:
            failures.append(f"{name} as {standard} {' '.join(flags)}:\n{errors}")

    work = list(jobs(compiler, wdk, sources))
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(run, work))

    refused = sorted((sources / "refused").glob("*.c"))
    for source in refused:
        text = source.read_text(encoding="utf-8")
        expected = text.splitlines()[0].removeprefix("// error: ")
        code, errors = compile_text(compiler, wdk, text, "c", "gnu11", [])
        if code == 0 or expected not in errors:
            failures.append(f"{source.name} should be refused with '{expected}':\n{errors}")

    for failure in failures:
        print(failure)
    print(f"{len(work) + len(refused)} compiled by {compiler}, {len(failures)} not as they should")
    return 1 if failures or not work or not refused else 0


if __name__ == "__main__":
    sys.exit(main())
