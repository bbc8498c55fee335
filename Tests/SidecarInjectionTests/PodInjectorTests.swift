internal import SidecarInjection
internal import StreamingJSON
import Testing
internal import YAML

@Suite struct PodInjectorTests {
  static let app = """
    metadata:
      name: web-5b4c-x
      generateName: web-5b4c-
      labels: {app: web, pod-template-hash: 5b4c, version: v2}
      annotations: {prometheus.io/port: "9090", prometheus.io/scrape: "true"}
      ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5b4c, controller: true}]
    spec:
      futureField: {kept: true}
      initContainers: [{name: migrate, image: m}]
      containers:
      - name: web
        image: w
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {port: http, scheme: HTTPS, path: /ready}, timeoutSeconds: 7}
        livenessProbe: {tcpSocket: {port: 8080}}
        startupProbe: {grpc: {port: 9000, service: x}}
    """

  private func pod(_ yaml: String = app, annotations: [String: String] = [:]) throws -> JSONValue {
    var pod = try #require(try YAMLReader.documents(yaml).first?.value)
    for (name, value) in annotations {
      pod[path: ["metadata", "annotations", name]] = .string(value)
    }
    return pod
  }

  private func inject(
    _ pod: JSONValue, _ change: (inout InjectionConfiguration) -> Void = { _ in }
  ) throws -> PodInjector.Outcome {
    var configuration = InjectionConfiguration()
    change(&configuration)
    return try PodInjector(configuration: configuration).inject(
      InjectionRequest(pod: pod, namespace: "shop"))
  }

  private func names(_ key: String, _ pod: JSONValue) -> [String] {
    (pod[path: ["spec", key]]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
  }

  private func proxy(_ pod: JSONValue) throws -> JSONValue {
    let all = ["initContainers", "containers"].flatMap {
      pod[path: ["spec", $0]]?.arrayValue ?? []
    }
    return try #require(all.first { $0["name"] == "istio-proxy" })
  }

  private func variable(_ name: String, _ pod: JSONValue) throws -> String? {
    try proxy(pod)["env"]?.arrayValue?.first { $0["name"]?.stringValue == name }?["value"]?
      .stringValue
  }

  private func arguments(_ pod: JSONValue) -> [String] {
    (pod[path: ["spec", "initContainers"]]?.arrayValue ?? [])
      .first { $0["name"] == "istio-init" }?["args"]?.arrayValue?.compactMap(\.stringValue) ?? []
  }

  @Test func `the classic pair keeps the pod's own init containers reachable`() throws {
    let pod = try inject(try pod()).pod
    #expect(names("initContainers", pod) == ["migrate", "istio-init"])
    #expect(names("containers", pod) == ["web", "istio-proxy"])
    #expect(try proxy(pod)["restartPolicy"] == nil)
    #expect(pod[path: ["spec", "futureField", "kept"]] == true)
    #expect(
      pod[path: ["metadata", "annotations", "sidecar.istio.io/status"]]?.stringValue?.contains(
        #""initContainers":["istio-init"],"containers":["istio-proxy"]"#) == true)
  }

  @Test
  func `ProxyConfigs of mesh, namespace and workload lie over each other, the oldest of each`()
    throws
  {
    let objects = try [
      (
        "istio-system",
        "{concurrency: 1, image: {imageType: debug}, environmentVariables: {A: root, B: root}}"
      ),
      ("shop", "{concurrency: 2, environmentVariables: {B: shop, C: shop}}"),
      ("shop", "{concurrency: 9}"),
      ("shop", "{selector: {matchLabels: {app: other}}, concurrency: 8}"),
      ("shop", "{selector: {matchLabels: {app: web}}, environmentVariables: {C: web}}"),
      ("elsewhere", "{concurrency: 7}"),
    ].map { namespace, spec in
      WorkloadProxyConfigs.Entry(
        namespace: namespace, spec: try #require(try YAMLReader.documents(spec).first?.value))
    }
    let annotated = try pod(annotations: ["proxy.istio.io/config": "{proxyMetadata: {D: pod}}"])
    let pod = try inject(annotated) {
      $0.proxyConfiguration = ["concurrency": 4, "drainDuration": "5s"]
      $0.proxyConfigs = WorkloadProxyConfigs(objects, rootNamespace: "istio-system")
    }.pod
    let settings = try JSONValue(
      parsing: Array(try #require(try variable("PROXY_CONFIG", pod)).utf8))
    #expect(
      settings == [
        "concurrency": 2, "drainDuration": "5s", "image": ["imageType": "debug"],
        "proxyMetadata": ["A": "root", "B": "shop", "C": "web", "D": "pod"],
      ])
    #expect(try variable("C", pod) == "web")
    #expect(try proxy(pod)["image"]?.stringValue?.hasSuffix("-debug") == true)
  }

  @Test func `Istio's agent is told of a control plane at another place than its own default`()
    throws
  {
    func settings(_ change: (inout InjectionConfiguration) -> Void) throws -> [String?] {
      let pod = try inject(try pod(), change).pod
      let text = try #require(try variable("PROXY_CONFIG", pod))
      let proxy = try JSONValue(parsing: Array(text.utf8))
      return [try variable("CA_ADDR", pod), proxy["discoveryAddress"]?.stringValue]
    }
    let standard = "istiod.istio-system.svc:15012"
    #expect(try settings { _ in } == [standard, nil])
    let canary = "istiod-canary.istio-system.svc:15012"
    #expect(try settings { $0.mesh.controlPlaneAddress = canary } == [canary, canary])
    #expect(
      try settings {
        $0.mesh.controlPlaneAddress = canary
        $0.proxyConfiguration = ["discoveryAddress": "other:15012"]
      } == [canary, "other:15012"])
    #expect(
      try settings {
        $0.mesh.controlPlaneAddress = canary
        $0.mesh.authorityAddress = "ca:443"
      } == ["ca:443", canary])
  }

  @Test func `resources that an installation leaves out are not there`() throws {
    let pod = try inject(try pod()) { configuration in
      let values: JSONValue = [
        "global": ["proxy": ["resources": ["requests": ["cpu": "50m", "memory": "64Mi"]]]]
      ]
      _ = InjectorConfigMap.apply(config: [:], values: values, to: &configuration)
    }.pod
    #expect(
      try proxy(pod)["resources"] == ["requests": ["cpu": "50m", "memory": "64Mi"]])
  }

  @Test func `a native sidecar starts before everything else`() throws {
    let pod = try inject(try pod()) { $0.hasNativeSidecars = true }.pod
    #expect(names("initContainers", pod) == ["istio-init", "istio-proxy", "migrate"])
    #expect(names("containers", pod) == ["web"])
    #expect(try proxy(pod)["restartPolicy"] == "Always")
  }

  @Test func `the pod decides whether its sidecar is native`() throws {
    let pod = try pod(annotations: ["sidecar.istio.io/nativeSidecar": "false"])
    #expect(
      names("containers", try inject(pod) { $0.hasNativeSidecars = true }.pod)
        == ["web", "istio-proxy"])
  }

  @Test func `the application can wait for the proxy`() throws {
    let pod = try pod(
      annotations: ["proxy.istio.io/config": "holdApplicationUntilProxyStarts: true"])
    let injected = try inject(pod).pod
    #expect(names("containers", injected) == ["istio-proxy", "web"])
    #expect(
      try proxy(injected)[path: ["lifecycle", "postStart", "exec", "command"]]
        == ["pilot-agent", "wait"])
  }

  @Test func `probes of every kind are asked by the agent`() throws {
    let pod = try inject(try pod()).pod
    let web = try #require(pod[path: ["spec", "containers"]]?.arrayValue?.first)
    #expect(
      web["readinessProbe"] == [
        "httpGet": ["path": "/app-health/web/readyz", "port": 15020, "scheme": "HTTP"],
        "timeoutSeconds": 7,
      ])
    #expect(
      web["livenessProbe"] == ["httpGet": ["path": "/app-health/web/livez", "port": 15020]])
    let originals = try JSONValue(
      parsing: try #require(try variable("ISTIO_KUBE_APP_PROBERS", pod)))
    #expect(
      originals == [
        "/app-health/web/readyz": [
          "httpGet": ["port": 8080, "scheme": "HTTPS", "path": "/ready"], "timeoutSeconds": 7,
        ],
        "/app-health/web/livez": ["tcpSocket": ["port": 8080]],
        "/app-health/web/startupz": ["grpc": ["port": 9000, "service": "x"]],
      ])
    let kept = try inject(
      try self.pod(annotations: ["sidecar.istio.io/rewriteAppHTTPProbers": "false"]))
    #expect(try variable("ISTIO_KUBE_APP_PROBERS", kept.pod) == nil)
  }

  @Test func `metrics are found at one port, the application's through the agent`() throws {
    let pod = try inject(try pod()).pod
    #expect(pod[path: ["metadata", "annotations", "prometheus.io/port"]] == "15020")
    #expect(
      try variable("ISTIO_PROMETHEUS_ANNOTATIONS", pod)
        == #"{"scrape":"true","path":"","port":"9090"}"#)
    let refused = try inject(try self.pod(annotations: ["prometheus.io/scrape": "false"])).pod
    #expect(refused[path: ["metadata", "annotations", "prometheus.io/port"]] == "9090")
  }

  @Test func `owners are found behind what Kubernetes makes for them`() throws {
    let pod = try inject(try pod()).pod
    #expect(try variable("ISTIO_META_WORKLOAD_NAME", pod) == "web")
    #expect(
      try variable("ISTIO_META_OWNER", pod)
        == "kubernetes://apis/apps/v1/namespaces/shop/deployments/web")
    #expect(
      WorkloadOwner(of: [
        "metadata": [
          "ownerReferences": [
            [
              "kind": "Job", "name": "report-28001440", "apiVersion": "batch/v1",
              "controller": true,
            ]
          ]
        ]
      ]) == WorkloadOwner(apiVersion: "batch/v1", kind: "CronJob", name: "report"))
    #expect(pod[path: ["metadata", "labels", "service.istio.io/canonical-revision"]] == "v2")
  }

  @Test func `annotations shape redirection and resources`() throws {
    let pod = try inject(
      try pod(annotations: [
        "traffic.sidecar.istio.io/excludeOutboundIPRanges": "10.0.0.0/8, fd00::/8",
        "traffic.sidecar.istio.io/excludeInboundPorts": "22,15020",
        "traffic.sidecar.istio.io/includeInboundPorts": "80,8080",
        "traffic.sidecar.istio.io/excludeOutboundPorts": "3306",
        "sidecar.istio.io/interceptionMode": "TPROXY",
        "sidecar.istio.io/proxyCPU": "250m", "sidecar.istio.io/proxyMemoryLimit": "2Gi",
      ])
    ).pod
    let arguments = arguments(pod)
    func value(_ flag: String) -> String? {
      arguments.firstIndex(of: flag).map { arguments[$0 + 1] }
    }
    #expect(value("-x") == "10.0.0.0/8,fd00::/8")
    #expect(value("-d") == "15090,15021,22,15020")
    #expect(value("-b") == "80,8080")
    #expect(value("-o") == "3306")
    #expect(value("-m") == "TPROXY")
    let proxy = try proxy(pod)
    #expect(proxy["resources"] == ["requests": ["cpu": "250m"], "limits": ["memory": "2Gi"]])
    #expect(proxy[path: ["securityContext", "capabilities", "add"]] == ["NET_ADMIN"])
    #expect(proxy[path: ["securityContext", "runAsUser"]] == 0)
  }

  @Test func `without interception nothing is set up`() throws {
    let pod = try inject(
      try pod(annotations: ["sidecar.istio.io/interceptionMode": "NONE"])
    ).pod
    #expect(names("initContainers", pod) == ["migrate"])
  }

  @Test(arguments: [
    ("sidecar.istio.io/proxyCPU", "a lot"), ("sidecar.istio.io/proxyMemory", "1..2Gi"),
    ("traffic.sidecar.istio.io/excludeInboundPorts", "80;81"),
    ("traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0"),
    ("sidecar.istio.io/interceptionMode", "MAGIC"), ("status.sidecar.istio.io/port", "70000"),
    ("proxy.istio.io/config", "[1"), ("proxy.istio.io/config", "text"),
    ("sidecar.istio.io/userVolume", "{}x"), ("sidecar.istio.io/userVolumeMount", "[{}]"),
    ("inject.istio.io/templates", "sidecar,nothing"), ("sidecar.istio.io/nativeSidecar", "maybe"),
    ("readiness.status.sidecar.istio.io/periodSeconds", "-1"),
    ("sidecar.istio.io/rewriteAppHTTPProbers", "?"),
  ])
  func `annotations that cannot be followed are named`(name: String, value: String) throws {
    let pod = try pod(annotations: [name: value])
    let error = #expect(throws: InjectionError.self) { try inject(pod) }
    #expect(error?.path == #"metadata.annotations["\#(name)"]"#)
  }

  @Test func `values of a pod stay values`() throws {
    let hostile = "x\"}], \"hostNetwork\": true, \"a\": [{\"b\": \"$(HOST_IP)"
    var pod = try pod(annotations: ["sidecar.istio.io/logLevel": hostile])
    pod[path: ["spec", "containers"]] = [["name": .string(hostile), "image": "x"]]
    let injected = try inject(pod).pod
    #expect(injected[path: ["spec", "hostNetwork"]] == nil)
    let escaped = hostile.replacing("$(", with: "$$(")
    #expect(try variable("ISTIO_META_APP_CONTAINERS", injected) == escaped)
    #expect(
      try proxy(injected)["args"]?.arrayValue?.contains(.string("--proxyLogLevel=\(escaped)"))
        == true)
  }

  @Test(arguments: [false, true])
  func `a second invocation changes nothing, and a third neither`(isNative: Bool) throws {
    let given = try pod(annotations: [
      "sidecar.istio.io/userVolume": #"{"extra":{"emptyDir":{}}}"#,
      "sidecar.istio.io/userVolumeMount": #"{"extra":{"mountPath":"/x"}}"#,
    ])
    let once = try inject(given) { $0.hasNativeSidecars = isNative }.pod
    let twice = try inject(once) { $0.hasNativeSidecars = isNative }.pod
    #expect(twice == once)
    #expect(JSONPatch(from: once, to: twice).isEmpty)
  }

  @Test func `another installation replaces what an earlier one added`() throws {
    let once = try inject(try pod()) {
      $0.proxy.image = "old:1"
      $0.selection.revision = "old"
    }.pod
    let moved = try inject(once) {
      $0.proxy.image = "new:2"
      $0.hasNativeSidecars = true
    }.pod
    let fresh = try inject(try pod()) {
      $0.proxy.image = "new:2"
      $0.hasNativeSidecars = true
    }.pod
    #expect(moved == fresh)
  }

  @Test(arguments: [false, true])
  func `what the pod says of the proxy stands, in every invocation`(isNative: Bool) throws {
    var given = try pod()
    given[path: ["spec", "containers"]] = .array(
      (given[path: ["spec", "containers"]]?.arrayValue ?? []) + [
        [
          "name": "istio-proxy", "image": "auto",
          "resources": ["limits": ["cpu": "9"]],
          "env": [["name": "TRUST_DOMAIN", "value": "mine"]],
          "volumeMounts": [["name": "certs", "mountPath": "/certs"]],
        ]
      ])
    let once = try inject(given) { $0.hasNativeSidecars = isNative }.pod
    let proxy = try proxy(once)
    #expect(proxy["image"]?.stringValue?.contains("proxyv2") == true)
    #expect(proxy[path: ["resources", "limits", "cpu"]] == "9")
    #expect(proxy[path: ["resources", "limits", "memory"]] == "1Gi")
    #expect(try variable("TRUST_DOMAIN", once) == "mine")
    #expect(
      names(isNative ? "containers" : "initContainers", once).contains("istio-proxy") == false)
    #expect(try inject(once) { $0.hasNativeSidecars = isNative }.pod == once)
  }

  @Test func `lists of any length cost what they are long`() throws {
    func many(_ count: Int, _ entry: (Int) -> JSONValue) -> JSONValue {
      .array((0..<count).map(entry))
    }
    let count = 20_000
    var pod = try pod(annotations: [
      "proxy.istio.io/config": "proxyMetadata: {"
        + (0..<12_000).map { "V\($0): x" }.joined(separator: ", ") + "}",
      "sidecar.istio.io/userVolume": String(
        decoding: many(10_000) { ["name": .string("u\($0)")] }.serialized(), as: UTF8.self),
      "sidecar.istio.io/status": String(
        decoding: JSONValue.object(
          {
            var status = JSONObject()
            status["containers"] = many(20_000) { .string("c\($0)") }
            return status
          }()
        ).serialized(), as: UTF8.self),
    ])
    pod[path: ["spec", "volumes"]] = many(count) { ["name": .string("v\($0)")] }
    pod[path: ["spec", "containers"]] = .array(
      (0..<count).map { ["name": .string("c\($0)"), "ports": [["containerPort": 80]]] } + [
        [
          "name": "istio-proxy",
          "env": many(count) { ["name": .string("E\($0)"), "value": "x"] },
        ]
      ])
    let clock = ContinuousClock()
    let start = clock.now
    let injected = try inject(pod).pod
    let patch = JSONPatch(from: pod, to: injected)
    #expect(!patch.isEmpty)
    #expect(clock.now - start < .seconds(20))
  }

  @Test(arguments: [false, true])
  func `a gateway is the proxy itself, and nothing is redirected to it`(isNative: Bool) throws {
    let given = try pod(
      """
      metadata:
        labels: {app: edge, sidecar.istio.io/inject: "true"}
        annotations: {inject.istio.io/templates: gateway}
      spec:
        containers:
        - {name: istio-proxy, image: auto, ports: [{containerPort: 8443}]}
      """)
    let once = try inject(given) { $0.hasNativeSidecars = isNative }.pod
    #expect(names("initContainers", once).isEmpty)
    #expect(names("containers", once) == ["istio-proxy"])
    let proxy = try proxy(once)
    #expect(proxy["image"]?.stringValue?.contains("proxyv2") == true)
    #expect(proxy["args"]?.arrayValue?.prefix(2) == ["proxy", "router"])
    #expect(proxy["restartPolicy"] == nil)
    #expect(proxy["ports"]?.arrayValue?.count == 2)
    #expect(once[path: ["metadata", "labels", "security.istio.io/tlsMode"]] == nil)
    #expect(try inject(once) { $0.hasNativeSidecars = isNative }.pod == once)
  }

  @Test func `images have variants unless a digest names them`() throws {
    for (image, type, expected) in [
      ("r/proxyv2:1.27", "distroless", "r/proxyv2:1.27-distroless"),
      ("r/proxyv2:1.27-distroless", "debug", "r/proxyv2:1.27-debug"),
      ("r:5000/proxyv2", "debug", "r:5000/proxyv2:debug"),
      ("r/proxyv2@sha256:ab", "debug", "r/proxyv2@sha256:ab"),
      ("r/proxyv2:1", "default", "r/proxyv2:1"),
    ] {
      let pod = try pod(annotations: ["sidecar.istio.io/proxyImageType": type])
      #expect(
        try proxy(try inject(pod) { $0.proxy.image = image }.pod)["image"] == .string(expected))
    }
  }
}
