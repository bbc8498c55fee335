// swift-tools-version: 6.2
import PackageDescription

// One entry per target, in the order of the layers in Docs/Architecture.md (top first). A target may
// depend on targets of lower layers only; `make lint` checks it.

let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
  .enableUpcomingFeature("ImmutableWeakCaptures"),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

/// Settings for targets that wrap C or hold generated code: no memory-safety annotations there.
let relaxed: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// Settings for tests, where an import may be seen through another one.
let testing: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .treatAllWarnings(as: .error),
]

func library(
  _ name: String, _ dependencies: [Target.Dependency] = [], settings: [SwiftSetting] = strict
) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.init(stringLiteral: name)] + dependencies,
    path: "Tests/\(name)Tests", exclude: exclude, swiftSettings: testing)
}

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let benchmark = Target.Dependency.product(name: "Benchmark", package: "benchmark")
let asyncHTTPClient = Target.Dependency.product(
  name: "AsyncHTTPClient", package: "async-http-client")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdHTTP2 = Target.Dependency.product(name: "HummingbirdHTTP2", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let serviceLifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let swiftProtobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let swiftProtobufPlugin = Target.Dependency.product(
  name: "SwiftProtobufPluginLibrary", package: "swift-protobuf")
let treeCollections = Target.Dependency.product(
  name: "HashTreeCollections", package: "swift-collections")
let unixSignals = Target.Dependency.product(
  name: "UnixSignals", package: "swift-service-lifecycle")
let x509 = Target.Dependency.product(name: "X509", package: "swift-certificates")

let package = Package(
  name: "skein",
  platforms: [.macOS(.v15)],
  products: [.executable(name: "skein", targets: ["skein"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Executables
    .executableTarget(
      name: "skein",
      dependencies: [
        "AdmissionWebhooks", "CertificateAuthority", "ControlPlane", "Diagnostics", "DiscoveryAPI",
        "EchoWorkload", "EnvoyAPI", "EnvoyTranslation", "GRPCTransport", "Installation", "IstioAPI",
        "KubernetesAPI",
        "KubernetesClient", "LoadGenerator", "MeshIngest", "MeshModel", "MeshStore",
        "OpenSSLCrypto", "ProxyAgent", "SidecarInjection",
        "StandaloneAPI", "StreamingJSON", "WorkloadAuthentication", "XDSProtocol", "YAML",
        argumentParser, logging, swiftProtobuf,
        asyncHTTPClient, nioCore, nioHTTP1, serviceLifecycle, unixSignals,
      ], swiftSettings: strict),
    .executableTarget(
      name: "protoc-gen-envoy-writers", dependencies: [swiftProtobuf, swiftProtobufPlugin],
      swiftSettings: relaxed),

    // Processes
    library(
      "ControlPlane",
      [
        "AdmissionWebhooks", "CProcess", "CertificateAuthority", "CertificateServer", "Diagnostics",
        "DiscoveryServer",
        "EnvoyTranslation", "GRPCTransport", "KubernetesAPI", "KubernetesClient", "MeshIngest",
        "IstioAPI", "MeshModel", "MeshStore", "OpenSSLCrypto", "SidecarInjection",
        "StandaloneAPI", "StatusReporting", "StreamingJSON", "WorkloadAuthentication",
        "XDSProtocol", "YAML", grdb, logging, nioCore, nioPosix, nioSSL, serviceLifecycle,
      ]),
    library(
      "ProxyAgent",
      [
        "CProcess", "DiscoveryAPI", "GRPCTransport", "OpenSSLCrypto", hummingbird, logging, nioCore,
        nioHTTP1, nioPosix, serviceLifecycle, swiftProtobuf,
      ]),
    library(
      "LoadGenerator",
      [
        "DiscoveryAPI", "GRPCTransport", "KubernetesAPI", "KubernetesClient", "OpenSSLCrypto",
        "ProtobufWire", "StreamingJSON", "XDSProtocol", histogram, logging, nioCore, nioHPACK,
        nioPosix, swiftProtobuf,
      ]),
    library(
      "EchoWorkload", [logging, nioCore, nioHTTP1, nioHTTP2, nioPosix, serviceLifecycle]),

    // Servers
    library(
      "DiscoveryServer",
      [
        "CProcess", "DiscoveryAPI", "GRPCTransport", "ProtobufWire", "WorkloadAuthentication",
        "XDSProtocol",
        logging, nioCore, serviceLifecycle, swiftProtobuf, treeCollections,
      ]),
    library(
      "CertificateServer",
      [
        "CertificateAuthority", "DiscoveryAPI", "GRPCTransport", "WorkloadAuthentication", logging,
        nioCore, swiftProtobuf,
      ]),
    library(
      "StandaloneAPI",
      [
        "IstioAPI", "KubernetesAPI", "OpenSSLCrypto", "ProtobufWire", "StreamingJSON", "YAML", grdb,
        hummingbird, logging, nioCore, serviceLifecycle,
      ]),
    library(
      "Diagnostics",
      [
        "EnvoyAPI", "StreamingJSON", "XDSProtocol", httpTypes, hummingbird, logging, nioCore,
        serviceLifecycle,
      ]),

    library(
      "AdmissionWebhooks",
      [
        "IstioAPI", "KubernetesAPI", "SidecarInjection", "StreamingJSON", httpTypes, hummingbird,
        hummingbirdCore, hummingbirdTLS, logging, nioCore, nioSSL, serviceLifecycle,
      ]),

    library(
      "StatusReporting",
      [
        "IstioAPI", "KubernetesAPI", "KubernetesClient", "MeshModel", "StreamingJSON", logging,
      ]),

    // Domain
    library(
      "EnvoyTranslation",
      [
        "EnvoyAPI", "IstioAPI", "KubernetesAPI", "MeshModel", "OpenSSLCrypto", "ProtobufWire",
        "XDSProtocol", deque,
        treeCollections,
      ]),
    library(
      "MeshIngest",
      ["IstioAPI", "KubernetesAPI", "MeshModel", "OpenSSLCrypto", "StreamingJSON", "YAML", logging]),
    library(
      "Installation",
      ["IstioAPI", "KubernetesAPI", "KubernetesClient", "StreamingJSON", "YAML"]),
    library("MeshStore", ["MeshModel", treeCollections]),
    library("SidecarInjection", ["IstioAPI", "StreamingJSON", "YAML"]),
    library("CertificateAuthority", ["OpenSSLCrypto", grdb, logging, serviceLifecycle]),
    library(
      "WorkloadAuthentication",
      [
        "GRPCTransport", "KubernetesAPI", "KubernetesClient", "OpenSSLCrypto", "StreamingJSON",
        grdb,
        logging, nioCore,
      ]),
    library("MeshModel", ["IstioAPI", "KubernetesAPI", treeCollections]),

    // Protocols
    library("XDSProtocol", ["DiscoveryAPI", "ProtobufWire", swiftProtobuf, treeCollections]),
    library(
      "KubernetesClient",
      [
        "KubernetesAPI", "OpenSSLCrypto", "StreamingJSON", "YAML", asyncHTTPClient, logging,
        nioCore,
        nioHTTP1, nioPosix, nioSSL, serviceLifecycle,
      ]),
    library(
      "GRPCTransport",
      [logging, nioCore, nioHPACK, nioHTTP1, nioHTTP2, nioPosix, nioSSL, serviceLifecycle]),

    // APIs
    .target(
      name: "EnvoyAPI", dependencies: ["ProtobufWire", "StreamingJSON"], exclude: ["Protos"],
      swiftSettings: relaxed),
    library("IstioAPI", ["RegularExpression", "StreamingJSON"]),
    library("KubernetesAPI", ["StreamingJSON"]),
    library("OpenSSLCrypto", ["COpenSSL"], settings: relaxed),
    library("YAML", ["CLibYAML", "StreamingJSON"], settings: relaxed),
    .target(
      name: "DiscoveryAPI", dependencies: [swiftProtobuf], exclude: ["Protos"],
      swiftSettings: relaxed),

    // Foundations
    library("ProtobufWire"),
    library("RegularExpression"),
    library("StreamingJSON"),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CProcess"),
    .systemLibrary(
      name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),

    // Tests
    library(
      "MeshTesting",
      [
        "CProcess", "DiscoveryAPI", "EnvoyAPI", "KubernetesAPI", "KubernetesClient",
        "MeshIngest", "MeshModel", "MeshStore", "OpenSSLCrypto", "StandaloneAPI", "StreamingJSON",
        "XDSProtocol", "YAML", asyncHTTPClient, httpTypes, hummingbird, logging, nioCore, nioHTTP1,
        nioSSL, serviceLifecycle, swiftProtobuf,
      ]),
    tests(
      "AdmissionWebhooks",
      [
        "CertificateAuthority", "IstioAPI", "KubernetesAPI", "MeshTesting", "OpenSSLCrypto",
        "SidecarInjection", "StreamingJSON", "YAML", asyncHTTPClient, logging, nioCore, nioHTTP1,
        nioSSL,
      ]),
    tests(
      "BenchmarkMeshes",
      [
        "EnvoyTranslation", "KubernetesAPI", "MeshIngest", "MeshTesting", "StreamingJSON",
        "XDSProtocol",
      ]),
    tests("CertificateAuthority", ["OpenSSLCrypto", grdb, logging, x509]),
    tests(
      "CertificateServer",
      [
        "CertificateAuthority", "DiscoveryAPI", "GRPCTransport", "OpenSSLCrypto",
        "WorkloadAuthentication", nioCore, swiftProtobuf,
      ]),
    tests(
      "DiscoveryServer",
      [
        "CertificateAuthority", "DiscoveryAPI", "EnvoyTranslation", "GRPCTransport", "MeshTesting",
        "OpenSSLCrypto", "WorkloadAuthentication", "XDSProtocol", logging, nioCore, nioHPACK,
        swiftProtobuf,
      ]),
    tests(
      "ControlPlane",
      [
        "KubernetesAPI", "KubernetesClient", "MeshTesting", "SidecarInjection", "StreamingJSON",
        logging, serviceLifecycle,
      ]),
    tests("EchoWorkload", [nioCore, nioPosix]),
    tests(
      "EnvoyAPI",
      [
        "EnvoyMessages", "EnvoyTranslation", "MeshTesting", "ProtobufWire", "StreamingJSON",
        "XDSProtocol", swiftProtobuf,
      ]),
    tests(
      "EnvoyTranslation",
      [
        "EnvoyAPI", "MeshModel", "MeshStore", "MeshTesting", "StreamingJSON", "XDSProtocol",
      ], exclude: ["Fixtures"]),
    tests("GRPCTransport", ["MeshTesting", nioCore, nioPosix, nioSSL, "OpenSSLCrypto"]),
    tests(
      "Installation",
      [
        "IstioAPI", "KubernetesAPI", "KubernetesClient", "MeshTesting", "StreamingJSON", "YAML",
        logging,
      ]),
    tests("IstioAPI", ["MeshTesting", "StreamingJSON", "YAML"], exclude: ["Fixtures"]),
    tests("KubernetesAPI", ["StreamingJSON"]),
    tests(
      "KubernetesClient",
      [
        "KubernetesAPI", "MeshTesting", "OpenSSLCrypto", "StandaloneAPI", "StreamingJSON",
        asyncHTTPClient, hummingbird, hummingbirdHTTP2, hummingbirdTLS, nioSSL, serviceLifecycle,
        logging, nioCore, nioHTTP1,
      ]),
    tests(
      "LoadGenerator",
      [
        "CertificateAuthority", "CertificateServer", "GRPCTransport", "MeshTesting",
        "OpenSSLCrypto", "WorkloadAuthentication", nioCore, nioPosix,
      ]),
    tests("MeshIngest", ["MeshModel", "MeshTesting"]),
    tests("MeshStore", ["MeshModel", "MeshTesting"]),
    tests("OpenSSLCrypto", ["MeshTesting", x509]),
    tests("ProtobufWire", []),
    tests(
      "ProxyAgent",
      [
        "CertificateAuthority", "CertificateServer", "DiscoveryAPI", "GRPCTransport",
        "MeshTesting", "OpenSSLCrypto", "WorkloadAuthentication", logging, nioCore, nioHPACK,
        nioPosix,
        serviceLifecycle, swiftProtobuf,
      ]),
    tests("RegularExpression", ["MeshTesting", "StreamingJSON"]),
    tests(
      "StandaloneAPI",
      [
        "KubernetesAPI", "MeshTesting", "OpenSSLCrypto", "StreamingJSON", "YAML", asyncHTTPClient,
        logging, nioCore, nioHTTP1, serviceLifecycle,
      ]),
    tests("SidecarInjection", ["MeshTesting", "StreamingJSON", "YAML"]),
    tests(
      "StatusReporting",
      ["KubernetesAPI", "KubernetesClient", "MeshTesting", "StreamingJSON"]),
    tests("StreamingJSON", []),
    tests("WorkloadAuthentication", ["GRPCTransport", "OpenSSLCrypto"]),
    tests("XDSProtocol", ["DiscoveryAPI", "MeshTesting", swiftProtobuf]),
    tests("YAML", ["StreamingJSON"]),
    .target(
      name: "EnvoyMessages", dependencies: [swiftProtobuf], path: "Tests/EnvoyMessages",
      swiftSettings: relaxed),
    // Here and not in a package of their own, which could not see `package` declarations. The library
    // without its interposers costs a test build seconds; its command needs no plugin in the target.
    .target(
      name: "BenchmarkMeshes",
      dependencies: [
        "EnvoyTranslation", "IstioAPI", "KubernetesAPI", "MeshIngest", "MeshModel", "MeshStore",
        "MeshTesting", "StreamingJSON", "XDSProtocol",
      ],
      path: "Tests/Benchmarks/Meshes", swiftSettings: strict),
    .executableTarget(
      name: "bench-check", dependencies: ["BenchmarkMeshes", "LoadGenerator", "MeshTesting"],
      path: "Tests/Benchmarks/Check", swiftSettings: strict),
    .executableTarget(
      name: "skein-benchmarks",
      dependencies: [
        "BenchmarkMeshes", "CertificateAuthority", "DiscoveryAPI", "DiscoveryServer",
        "EnvoyTranslation", "GRPCTransport", "KubernetesAPI", "MeshIngest", "MeshModel",
        "MeshTesting", "OpenSSLCrypto", "WorkloadAuthentication", "XDSProtocol", benchmark, logging,
        nioCore, nioHPACK, swiftProtobuf,
      ],
      path: "Tests/Benchmarks/Suite", swiftSettings: strict),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "CProcess",
        "CertificateAuthority", "DiscoveryAPI", "DiscoveryServer", "EnvoyAPI", "EnvoyMessages",
        "GRPCTransport", "Installation", "KubernetesAPI", "KubernetesClient", "LoadGenerator",
        "MeshTesting", "OpenSSLCrypto", "ProtobufWire", "StreamingJSON", "YAML",
        "WorkloadAuthentication", "XDSProtocol", asyncHTTPClient, logging, nioCore, nioHPACK,
        nioHTTP1, nioPosix, nioSSL, swiftProtobuf,
      ],
      path: "Tests/EndToEndTests", swiftSettings: testing),
  ]
)
