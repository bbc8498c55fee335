import LoadGenerator
import Testing

@Suite struct LatenciesTests {
  @Test("Percentiles are those of what was recorded, to three digits")
  func percentiles() {
    var latencies = Latencies()
    for milliseconds in 1...1000 { latencies.record(.milliseconds(milliseconds)) }
    #expect(latencies.count == 1000)
    #expect(abs(latencies.percentile(50) - 500) < 1)
    #expect(abs(latencies.percentile(99) - 990) < 2)
    #expect(abs(latencies.longest - 1000) < 2)
  }

  @Test("Nothing, negative and endless durations do no harm")
  func edges() {
    var latencies = Latencies()
    #expect(latencies.percentile(99) == 0)
    latencies.record(.seconds(-5))
    latencies.record(.seconds(1 << 40))
    #expect(latencies.count == 2)
    #expect(latencies.longest <= 3_700_000)
  }

  @Test("This process has used time and memory; a process that is not has not")
  func usage() throws {
    let own = try #require(ProcessUsage.own)
    #expect(own.residentBytes > 1 << 20)
    #expect(own.peakResidentBytes >= own.residentBytes)
    #expect(own.cpuSeconds >= 0)
    #expect(ProcessUsage(pid: .max) == nil)
  }
}
