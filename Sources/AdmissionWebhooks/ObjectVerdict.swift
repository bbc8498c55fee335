internal import IstioAPI
package import KubernetesAPI
package import StreamingJSON

/// The rules that decide about objects wherever they enter: the webhook, files, translation.
package enum ObjectVerdict {
  /// Judges an object of one of Istio's kinds; `reader` stands at its start.
  ///
  /// An unknown field beside `spec` is an error, one further in a warning: the API server has
  /// removed those already.
  package static func issues(
    of resource: KubernetesResource, _ reader: JSONReader
  ) -> [FieldIssue] {
    guard KubernetesResource.istio.contains(resource) else { return [] }
    let verdict = IstioKind(rawValue: resource.kind)?.check(reader) ?? shape(reader)
    return verdict.issues
      + verdict.unknownFields.map { path in
        FieldIssue(
          path: path, message: "the field is not known", remedy: "correct its name or remove it",
          severity: path.hasPrefix("spec.") || path.hasPrefix("spec[") ? .warning : .error)
      }
  }

  /// A kind whose specification is only kept has to have one that is an object.
  private static func shape(_ reader: JSONReader) -> SpecificationVerdict {
    do throws(JSONDecodingError) {
      let object = try DecodedObject<OpaqueSpec>(decodingSpecOf: reader)
      return SpecificationVerdict(issues: object.issues, unknownFields: object.unknownFields)
    } catch {
      return SpecificationVerdict(issues: [FieldIssue(error)])
    }
  }

  /// The resource of a group and kind, in whatever version.
  package static func resource(group: String, kind: String) -> KubernetesResource? {
    KubernetesResource.istio.first { $0.group == group && $0.kind == kind }
  }
}
