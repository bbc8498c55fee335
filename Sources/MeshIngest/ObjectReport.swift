package import KubernetesAPI
package import StreamingJSON

/// What is wrong with an object.
package struct ObjectReport: Sendable {
  /// Names the object.
  package struct Subject: Hashable, Sendable, CustomStringConvertible {
    package var resource: KubernetesResource
    package var key: ObjectKey

    package init(resource: KubernetesResource, key: ObjectKey) {
      self.resource = resource
      self.key = key
    }

    package var description: String { "\(resource.kind)/\(key)" }
  }

  package var subject: Subject
  /// Whether the object is not used; its last good version is, if there was one.
  package var isRejected: Bool
  package var issues: [FieldIssue]
  /// Paths of fields that Istio's API does not have.
  package var unknownFields: [String]
}
