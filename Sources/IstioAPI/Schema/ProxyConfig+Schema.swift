/// The schema of ProxyConfig, field by field; the descriptions are what `kubectl explain` prints.
extension StructuralSchema {
  static let proxyConfig: Self = .object(
    [
      "concurrency": .natural.about("Envoy worker threads."),
      "environmentVariables": .map(.text(length: ...2048)).about(
        "Proxy env (ISTIO_META_* go to node metadata)."),
      "image": .image.about("Image choice."),
      "selector": .workloadSelector.about("Workloads."),
    ])

  static let image: Self = .object(
    [
      "imageType": .text.about("Default / debug / distroless.")
    ])
}
