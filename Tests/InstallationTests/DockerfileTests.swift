internal import Foundation
internal import Installation
import MeshTesting
internal import StreamingJSON
import Testing

@Suite struct DockerfileTests {
  private static func instructions() throws -> [(String, String)] {
    let path = EnvoyBinary.packageFolder + "/Manifests/Dockerfile"
    let text = try String(contentsOfFile: path, encoding: .utf8)
      .replacingOccurrences(of: "\\\n", with: " ")
    return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
      return (parts[0], parts.count == 2 ? parts[1] : "")
    }
  }

  @Test func `the image has what the binary links and runs as the Deployment's user`() throws {
    let lines = try Self.instructions()
    let known = ["FROM", "RUN", "ARG", "COPY", "USER", "EXPOSE", "ENTRYPOINT", "CMD"]
    #expect(lines.allSatisfy { known.contains($0.0) })
    #expect(lines.first?.0 == "FROM")
    #expect(lines.filter { $0.0 == "FROM" }.allSatisfy { !$0.1.hasSuffix(":latest") })
    let packages = lines.first { $0.0 == "RUN" }?.1 ?? ""
    for package in ["libssl3", "libsqlite3-0", "libyaml-0-2", "libstdc++6", "zlib1g"] {
      #expect(packages.contains(" \(package)"), "\(package)")
    }
    let user = lines.last { $0.0 == "USER" }?.1
    let objects = Installation(values: InstallationValues(profile: .minimal)).objects
    let pod = try #require(
      objects.first { $0.resource.kind == "Deployment" }?.value[
        path: ["spec", "template", "spec"]])
    let container = try #require(pod["containers"]?.arrayValue?.first)
    let context = container["securityContext"]
    #expect(
      user
        == "\(context?["runAsUser"]?.integerValue ?? 0):\(context?["runAsGroup"]?.integerValue ?? 0)"
    )
    let ports = container["ports"]?.arrayValue?.compactMap { $0["containerPort"]?.integerValue }
    let exposed = lines.first { $0.0 == "EXPOSE" }?.1.split(separator: " ").compactMap {
      Int64($0)
    }
    #expect(exposed?.sorted() == ports?.sorted())
    #expect(lines.last?.1 == "[\"serve\"]")
    #expect(container["args"] == ["serve"])
  }
}
