//! Published archive of ONNX Runtime's library for each platform, and its hash.

/// The version fetched from Python's index, and the oldest that works is 1.22: `api-22` in the
/// workspace's `ort` features.
pub(super) const WHEEL_VERSION: &str = "1.32.0";
/// The version fetched with `npm`, whose package trails the wheels.
pub(super) const NPM_VERSION: &str = "1.30.0";
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
    npm_member: &'static str,
}

/// The hashes are those of the wheels for `CPython` 3.12: the library in them is the same for all.
const PLATFORMS: [Platform; 4] = [
    Platform {
        os: "linux",
        arch: "x86_64",
        wheel_tag: "manylinux_2_28_x86_64",
        wheel_sha256: "99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8",
        wheel_member: "onnxruntime/capi/libonnxruntime.so.1.32.0",
        npm_member: "package/bin/napi-v6/linux/x64/libonnxruntime.so.1",
    },
    Platform {
        os: "linux",
        arch: "aarch64",
        wheel_tag: "manylinux_2_28_aarch64",
        wheel_sha256: "e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054",
        wheel_member: "onnxruntime/capi/libonnxruntime.so.1.32.0",
        npm_member: "package/bin/napi-v6/linux/arm64/libonnxruntime.so.1",
    },
    Platform {
        os: "macos",
        arch: "aarch64",
        wheel_tag: "macosx_14_0_arm64",
        wheel_sha256: "d52510bbbcc880c13b826f7d75cdf33ac5cf0bb864d960000fc29ce73f0cb83e",
        wheel_member: "onnxruntime/capi/libonnxruntime.1.32.0.dylib",
        npm_member: "package/bin/napi-v6/darwin/arm64/libonnxruntime.1.30.0.dylib",
    },
    Platform {
        os: "windows",
        arch: "x86_64",
        wheel_tag: "win_amd64",
        wheel_sha256: "efe7456952c243a05a53d5b8732953625144642c2f3989094277f6217f0c0c40",
        wheel_member: "onnxruntime/capi/onnxruntime.dll",
        npm_member: "package/bin/napi-v6/win32/x64/onnxruntime.dll",
    },
];

/// An archive to fetch: what it must hash to, and the one member wanted from it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Archive {
    pub(super) version: &'static str,
    pub(super) sha256: &'static str,
    pub(super) member: &'static str,
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
        Archive { version: WHEEL_VERSION, sha256: self.wheel_sha256, member: self.wheel_member }
    }

    /// The archive `npm` gets.
    pub(super) fn npm(&self) -> Archive {
        Archive { version: NPM_VERSION, sha256: NPM_SHA256, member: self.npm_member }
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
            assert_eq!(platform.wheel_sha256.len(), 64);
            assert_eq!(
                PLATFORMS.iter().filter(|p| p.wheel_sha256 == platform.wheel_sha256).count(),
                1
            );
        }
        assert!(Platform::named("linux", "riscv64").is_none());
    }
}
