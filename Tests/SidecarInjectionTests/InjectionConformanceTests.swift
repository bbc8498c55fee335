internal import Foundation
internal import MeshTesting
internal import SidecarInjection
internal import StreamingJSON
import Testing
internal import YAML

/// Injected workloads compared, part by part, with those that Istio's injector made.
@Suite struct InjectionConformanceTests {
  private static func document(_ name: String) throws -> JSONValue? {
    guard let folder = EnvoyBinary.conformance else {
      print("SKIPPED: there are no recorded injections beside the project")
      return nil
    }
    let path = "\(folder)/injection/\(name)"
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    return try YAMLReader.documents(bytes, file: name).first?.value
  }

  private static var configuration: InjectionConfiguration {
    var configuration = InjectionConfiguration()
    configuration.proxy.image = "registry.istio.io/testing/proxyv2:latest"
    configuration.hasNativeSidecars = true
    return configuration
  }

  @Test(arguments: ["hello", "auth", "hello-probes"])
  func `workloads get the proxy that Istio gives them`(name: String) throws {
    guard let input = try Self.document("\(name).yaml"),
      let expected = try Self.document("\(name).yaml.injected")
    else { return }
    let outcome = try ManifestInjection.inject(
      input, namespace: "default", injector: PodInjector(configuration: Self.configuration))
    let injected = try #require(outcome?.pod)
    let differences = StructuralDifference.lines(
      CanonicalPod.form(injected), CanonicalPod.form(expected))
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
  }

  @Test func `a template of the installation is laid over a pod and can be taken off again`() throws
  {
    guard let input = try Self.document("custom-template.yaml"),
      let expected = try Self.document("custom-template.yaml.injected")
    else { return }
    var configuration = Self.configuration
    configuration.templates["custom"] = try #require(
      try YAMLReader.documents(
        """
        metadata:
          annotations:
            foo: bar
            sidecar.istio.io/rewriteAppHTTPProbers: "false"
            prometheus.istio.io/merge-metrics: "false"
        spec:
          containers:
          - name: hello
            env:
            - {name: SOME_ENV, value: "true"}
            - {name: SOME_FILE, value: /var/lib/data/foo.json}
            volumeMounts:
            - {mountPath: /var/lib/data/foo.json, name: some-injected-file, subPath: foo.json}
          volumes:
          - name: some-injected-file
            downwardAPI:
              items:
              - fieldRef: {fieldPath: "metadata.annotations['foo']"}
                path: foo.json
        """
      ).first?.value)
    let injector = PodInjector(configuration: configuration)
    let outcome = try ManifestInjection.inject(input, namespace: "default", injector: injector)
    let injected = try #require(outcome?.pod)
    let differences = StructuralDifference.lines(
      CanonicalPod.form(injected), CanonicalPod.form(expected))
    #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    let again = try ManifestInjection.inject(injected, namespace: "default", injector: injector)
    #expect(again?.pod == injected)
  }
}
