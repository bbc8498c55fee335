/// Whether a cluster's nodes start init containers that stay.
package enum NativeSidecarSupport {
  /// Decides from the versions of the kubelets (`v1.33.2`); false when none is known.
  ///
  /// From 1.33 on the feature is stable; before it can be off.
  package static func isAvailable(kubeletVersions: [String]) -> Bool {
    !kubeletVersions.isEmpty
      && kubeletVersions.allSatisfy { version in
        let parts = version.drop { $0 == "v" }.split(separator: ".")
        guard parts.count >= 2, let major = Int(parts[0]),
          let minor = Int(parts[1].prefix(while: \.isNumber))
        else { return false }
        return major > 1 || (major == 1 && minor >= 33)
      }
  }
}
