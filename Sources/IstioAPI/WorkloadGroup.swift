package import StreamingJSON

/// A template for the workload entries of machines outside Kubernetes (networking.istio.io
/// WorkloadGroup).
package struct WorkloadGroup: Hashable, Sendable {
  /// Metadata copied to WorkloadEntries.
  package var metadata: WorkloadGroupMetadata?
  /// WorkloadEntry template.
  package var template: WorkloadEntry?
  /// VM readiness probe.
  package var probe: JSONValue?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    metadata: WorkloadGroupMetadata? = nil,
    template: WorkloadEntry? = nil,
    probe: JSONValue? = nil
  ) {
    self.metadata = metadata
    self.template = template
    self.probe = probe
  }
}

extension WorkloadGroup: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "metadata": metadata = try reader.read()
      case "template": template = try reader.read()
      case "probe": probe = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// Labels and annotations of the entries of a group.
package struct WorkloadGroupMetadata: Hashable, Sendable {
  /// Labels.
  package var labels: [String: String]
  /// Annotations.
  package var annotations: [String: String]

  /// Creates a value; what is left out is as if it were not written.
  package init(labels: [String: String] = [:], annotations: [String: String] = [:]) {
    self.labels = labels
    self.annotations = annotations
  }
}

extension WorkloadGroupMetadata: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "labels": labels = try reader.readStringMap()
      case "annotations": annotations = try reader.readStringMap()
      default: try reader.skipUnknownField()
      }
    }
  }
}
