// swift-tools-version: 6.0
import PackageDescription

// `Generated` is put there by ci/swift from what bindings/build made: the sources, the C header and the library.
#if os(Linux)  // the machine that reads this manifest: a binary target cannot be built on Linux
    let library = "\(Context.packageDirectory)/Generated/lib"
    let ffi: Target = .systemLibrary(name: "WalletFFI", path: "Generated/WalletFFI")
    let link: [LinkerSetting] = [.unsafeFlags(["-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library])]
    // Debian's libswiftObservation.so asks for a function that no library has, and calls it only to give up.
    let observation: [LinkerSetting] = [.unsafeFlags(["-Xlinker", "--allow-shlib-undefined"])]
#else
    let ffi: Target = .binaryTarget(name: "WalletFFI", path: "WalletFFI.xcframework")
    let link: [LinkerSetting] = []
    let observation: [LinkerSetting] = []
#endif

let package = Package(
    name: "WalletKit",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "WalletKit", targets: ["WalletKit", "WalletBindings"]),
        .library(name: "WalletScreens", targets: ["WalletScreens"]),
        .library(name: "WalletSimulator", targets: ["WalletSimulator"]),
        .library(name: "WalletApple", targets: ["WalletApple"]),
        .library(name: "WalletConformance", targets: ["WalletConformance"]),
    ],
    targets: [
        ffi,
        // Generated code is Swift 5: its asynchronous callbacks do not pass the checks of Swift 6.
        .target(
            name: "WalletBindings", dependencies: ["WalletFFI"], path: "Generated/WalletBindings",
            swiftSettings: [.swiftLanguageMode(.v5)], linkerSettings: link),
        .target(name: "WalletKit", dependencies: ["WalletBindings"]),
        // The seam on Apple's frameworks; where they are not there, its logic alone.
        .target(name: "WalletApple", dependencies: ["WalletKit"]),
        // What the app's screens do, without a view.
        .target(name: "WalletScreens", dependencies: ["WalletKit"], linkerSettings: observation),
        .target(name: "WalletSimulator", dependencies: ["WalletKit"]),
        .target(name: "WalletConformance", dependencies: ["WalletKit"]),
        .executableTarget(name: "QuickStart", dependencies: ["WalletKit", "WalletSimulator"]),
        // What the bindings cost, on Linux; no part of any product.
        .executableTarget(name: "Bench", dependencies: ["WalletKit", "WalletSimulator"]),
        .testTarget(name: "WalletKitTests", dependencies: ["WalletKit", "WalletSimulator"]),
        .testTarget(name: "WalletAppleTests", dependencies: ["WalletApple", "WalletSimulator"]),
        .testTarget(name: "WalletScreensTests", dependencies: ["WalletScreens", "WalletSimulator"]),
        .testTarget(name: "ConformanceTests", dependencies: ["WalletKit", "WalletSimulator", "WalletConformance"]),
    ]
)
