internal import StreamingJSON

/// The images of the injected containers.
enum ProxyImage {
  static func proxy(_ context: InjectionContext) -> String {
    if let image = context.annotations[InjectionAnnotation.proxyImage] { return image }
    let type =
      context.annotations[InjectionAnnotation.proxyImageType]
      ?? context.proxyConfiguration[path: ["image", "imageType"]]?.stringValue ?? ""
    return image(context.configuration.proxy.image, type: type)
  }

  static func initialization(_ context: InjectionContext) -> String {
    context.configuration.proxy.initImage ?? proxy(context)
  }

  /// The image of a variant: its name behind the tag. `default` is the image without one.
  static func image(_ image: String, type: String) -> String {
    // A digest names one image; it has no variants.
    guard !type.isEmpty, type != "default", !image.contains("@") else { return image }
    let base = image.split(separator: "/").last ?? ""
    var plain = image
    if base.contains(":") {
      for known in ["-debug", "-distroless"] where plain.hasSuffix(known) {
        plain.removeLast(known.count)
      }
    }
    return base.contains(":") ? "\(plain)-\(type)" : "\(plain):\(type)"
  }
}
