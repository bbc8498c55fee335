import Foundation
import MeshTesting
import StreamingJSON
import Testing

extension EndToEnd {
  /// `skein install` as a process, as far as it goes without an API.
  @Suite struct InstallCommandTests {
    private func skein(_ arguments: String...) -> ChildProgram.Result {
      ChildProgram.run(RunningMesh.skein, arguments)
    }

    @Test func `install prints the definitions and the objects`() {
      let definitions = skein("install", "--print", "crds")
      #expect(definitions.status == 0)
      let kinds = definitions.output.split(separator: "\n").filter { $0.hasPrefix("kind: ") }
      #expect(kinds.count == 14)
      #expect(Set(kinds) == ["kind: CustomResourceDefinition"])
      let all = skein("install", "--print", "--profile", "minimal", "--set", "image=a/b:1")
      #expect(all.status == 0)
      #expect(all.output.hasPrefix(definitions.output))
      #expect(all.output.contains("image: a/b:1"))
      #expect(!all.output.contains("istio-ingressgateway"))
    }

    @Test func `install says what is wrong with its arguments, and where no API answers`() {
      let unknown = skein("install", "--print", "--set", "colour=red")
      #expect(unknown.status == 64)
      #expect(unknown.output.contains("\"colour\" is no value"), "\(unknown.output)")
      #expect(skein("install", "--print", "--set", "replicas=0").status == 64)
      #expect(skein("install", "--print", "--uninstall").status == 64)
      #expect(skein("install", "--purge").status == 64)
      #expect(skein("install", "crds").status == 64)
      let stray = skein("install", "--print", "stray")
      #expect(stray.status == 64)
      #expect(stray.output.contains("\"stray\" is not understood"))
      let nowhere = skein("install", "--api-address", "127.0.0.1:1")
      #expect(nowhere.status == 69)
      #expect(nowhere.output.contains("no API answers"), "\(nowhere.output)")
    }
  }
}
