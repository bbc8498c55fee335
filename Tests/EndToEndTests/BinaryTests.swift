import MeshTesting
import Testing

/// What the built program needs from the system.
struct BinaryTests {
  @Test func `The program links no libcurl`() throws {
    let linked = ChildProgram.run("/usr/bin/ldd", [RunningMesh.skein])
    try #require(linked.status == 0, "\(linked.output)")
    #expect(linked.output.contains("libssl"))
    #expect(!linked.output.contains("libcurl"), "\(linked.output)")
  }
}
