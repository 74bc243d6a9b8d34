"""Copies a program or library so that it takes its processor for one without AVX-512 (and so without
AVX-512 VNNI), to measure the kernels of AVX2 on a processor that has both.

    python without_avx512.py libonnxruntime.so copy/libonnxruntime.so

Before programs use wide registers they ask the processor which of them the system saves: XGETBV of register 0,
compiled to `xor ecx, ecx; xgetbv`. Here the answer is 7, the registers of AVX, and no more, in as many bytes:
`push 7; pop rax`. Both ONNX Runtime and Rust's is_x86_feature_detected ask that way; a program whose
compiler put something between the two instructions has none to change, which is said. AVX-VNNI, the 256-bit
form without AVX-512, would need another answer: a processor that has it is refused.
"""

import pathlib
import sys

ASKED = bytes.fromhex("31c9 0f01d0")
ANSWERED = bytes.fromhex("31c9 6a0758")


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: without_avx512.py PROGRAM COPY")
    source, copy = map(pathlib.Path, sys.argv[1:])
    if "avx_vnni" in pathlib.Path("/proc/cpuinfo").read_text().split():
        sys.exit("this processor has AVX-VNNI, which stays in view")
    program = source.read_bytes()
    found = program.count(ASKED)
    if found == 0:
        sys.exit(f"{source}: does not ask for its registers, or in other instructions")
    copy.write_bytes(program.replace(ASKED, ANSWERED))
    copy.chmod(source.stat().st_mode)
    print(f"{copy}: {found} places changed")


if __name__ == "__main__":
    main()
