internal import KubernetesAPI
package import StreamingJSON
internal import YAML

/// The files an installation is kept in: YAML to apply as it is, and a Helm chart.
package enum ManifestText {
  /// Objects as one file of YAML.
  package static func yaml(_ objects: [JSONValue]) -> String {
    objects.map { "---\n" + YAMLWriter.text($0) }.joined()
  }

  /// Every file of the folder `Manifests` that is made, by its path there.
  package static var files: [String: String] {
    var files: [String: String] = [:]
    for definition in Installation.definitions {
      let text = yaml([definition.value])
      files["crds/\(definition.key.name).yaml"] = text
      files["chart/crds/\(definition.key.name).yaml"] = text
    }
    for profile in InstallationValues.Profile.allCases {
      let installation = Installation(values: InstallationValues(profile: profile))
      files["\(profile.rawValue).yaml"] = yaml(installation.objects.map(\.value))
    }
    for (path, text) in chart { files["chart/\(path)"] = text }
    return files
  }

  // MARK: Chart

  private static var chart: [String: String] {
    var files = ["Chart.yaml": chartHead, "values.yaml": chartValues]
    for part in Installation(values: .chart).parts where part.name != "namespace" {
      files["templates/\(part.name).yaml"] = template(part)
    }
    return files
  }

  private static let chartHead = """
    apiVersion: v2
    name: skein
    description: A service-mesh control plane for Istio's APIs and proxies.
    type: application
    version: 0.1.0
    appVersion: 0.1.0
    kubeVersion: ">= 1.25.0-0"

    """

  private static var chartValues: String {
    let defaults = InstallationValues(profile: .default)
    return InstallationValues.entries.map { entry in
      "# \(entry.about)\n" + YAMLWriter.text([entry.name: defaults[entry.name]])
    }.joined(separator: "\n")
  }

  /// A template: the objects with expressions for values, inside the condition of the part.
  private static func template(_ part: Installation.Part) -> String {
    let body = conditionalReplicas(unquoted(yaml(part.objects)))
    switch part.condition {
    case .always: return body
    case .values(let names):
      let test =
        names.count == 1
        ? ".Values.\(names[0])"
        : "and " + names.map { ".Values.\($0)" }.joined(separator: " ")
      return "{{- if \(test) }}\n\(body){{- end }}\n"
    case .defaultRevision:
      return "{{- if eq .Values.revision \"default\" }}\n\(body){{- end }}\n"
    }
  }

  /// Leaves the number of replicas to the autoscaler where there is one.
  private static func conditionalReplicas(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard line.hasPrefix("  replicas: {{") else { return String(line) }
      return "  {{- if not .Values.autoscaling }}\n\(line)\n  {{- end }}"
    }.joined(separator: "\n")
  }

  /// Takes the quotes from expressions that yield numbers.
  private static func unquoted(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard line.hasSuffix(" }}\""), let start = line.firstRange(of: "\"{{ int ") else {
        return String(line)
      }
      return line[..<start.lowerBound]
        + String(line[start.lowerBound...].dropFirst().dropLast())
    }.joined(separator: "\n")
  }
}
