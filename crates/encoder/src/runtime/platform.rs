//! Published archive of ONNX Runtime's library for each platform, and its hash.

/// The version fetched from Python's index, and the oldest that works is 1.23: `api-23` in the
/// workspace's `ort` features.
const WHEEL_VERSION: &str = "1.32.0";
/// The version fetched with `npm`, whose package trails the wheels.
const NPM_VERSION: &str = "1.30.0";
/// The one npm archive carries the libraries of all platforms.
const NPM_SHA256: &str = "6e3390d6b783e7be946fad629292799da28d0b42f84856e50d2c1b0383291e75";

/// A platform for which there is a library to fetch.
#[derive(Debug)]
pub(super) struct Platform {
    os: &'static str,
    arch: &'static str,
    /// As `pip download --platform` wants it.
    pub(super) wheel_tag: &'static str,
    wheel_sha256: &'static str,
    wheel_member: &'static str,
    /// Hash of the library in the wheel.
    wheel_library: &'static str,
    npm_member: &'static str,
    /// Hash of the library in npm's archive.
    npm_library: &'static str,
}

/// The hashes are those of the wheels for `CPython` 3.12: the library in them is the same for all.
const PLATFORMS: [Platform; 4] = [
    Platform {
        os: "linux",
        arch: "x86_64",
        wheel_tag: "manylinux_2_28_x86_64",
        wheel_sha256: "99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8",
        wheel_member: "onnxruntime/capi/libonnxruntime.so.1.32.0",
        wheel_library: "6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f",
        npm_member: "package/bin/napi-v6/linux/x64/libonnxruntime.so.1",
        npm_library: "ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23",
    },
    Platform {
        os: "linux",
        arch: "aarch64",
        wheel_tag: "manylinux_2_28_aarch64",
        wheel_sha256: "e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054",
        wheel_member: "onnxruntime/capi/libonnxruntime.so.1.32.0",
        wheel_library: "49852228a93995158b2a813d4df487d47a1b76b0eaa894507ef49e91b6d7954a",
        npm_member: "package/bin/napi-v6/linux/arm64/libonnxruntime.so.1",
        npm_library: "1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76",
    },
    Platform {
        os: "macos",
        arch: "aarch64",
        wheel_tag: "macosx_14_0_arm64",
        wheel_sha256: "d52510bbbcc880c13b826f7d75cdf33ac5cf0bb864d960000fc29ce73f0cb83e",
        wheel_member: "onnxruntime/capi/libonnxruntime.1.32.0.dylib",
        wheel_library: "fa585fabbea65b823b9a8f7e27d46aee3989d1be7e36b528203d3a1fd613aae7",
        npm_member: "package/bin/napi-v6/darwin/arm64/libonnxruntime.1.30.0.dylib",
        npm_library: "685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d",
    },
    Platform {
        os: "windows",
        arch: "x86_64",
        wheel_tag: "win_amd64",
        wheel_sha256: "efe7456952c243a05a53d5b8732953625144642c2f3989094277f6217f0c0c40",
        wheel_member: "onnxruntime/capi/onnxruntime.dll",
        wheel_library: "443c0065fcdba17618ddef05050308f4b471893c5c7da0337d6957c9073ad8a7",
        npm_member: "package/bin/napi-v6/win32/x64/onnxruntime.dll",
        npm_library: "508c362f5673483dd3a086379c392795b2e42d10d5e6f3f90ebd7ac21c97af67",
    },
];

/// An archive to fetch: its hash, the one member wanted from it, and that one's hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Archive {
    pub(super) version: &'static str,
    pub(super) sha256: &'static str,
    pub(super) member: &'static str,
    pub(super) library_sha256: &'static str,
}

impl Platform {
    /// The one this program was built for, if there is a library for it.
    pub(super) fn current() -> Option<&'static Self> {
        Self::named(std::env::consts::OS, std::env::consts::ARCH)
    }

    fn named(os: &str, arch: &str) -> Option<&'static Self> {
        PLATFORMS.iter().find(|p| p.os == os && p.arch == arch)
    }

    /// The archive `pip` gets.
    pub(super) fn wheel(&self) -> Archive {
        Archive {
            version: WHEEL_VERSION,
            sha256: self.wheel_sha256,
            member: self.wheel_member,
            library_sha256: self.wheel_library,
        }
    }

    /// The archive `npm` gets.
    pub(super) fn npm(&self) -> Archive {
        Archive {
            version: NPM_VERSION,
            sha256: NPM_SHA256,
            member: self.npm_member,
            library_sha256: self.npm_library,
        }
    }
}

/// File name of the library on this platform, fetched or not.
pub(super) fn library_name() -> String {
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    format!("{prefix}onnxruntime{suffix}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_platforms_are_told_apart() {
        for (os, arch) in
            [("linux", "x86_64"), ("linux", "aarch64"), ("macos", "aarch64"), ("windows", "x86_64")]
        {
            let platform = Platform::named(os, arch).expect(os);
            for sha256 in [platform.wheel_sha256, platform.wheel_library, platform.npm_library] {
                assert_eq!(sha256.len(), 64);
            }
            assert_eq!(
                PLATFORMS.iter().filter(|p| p.wheel_sha256 == platform.wheel_sha256).count(),
                1
            );
        }
        assert!(Platform::named("linux", "riscv64").is_none());
    }
}
