internal import EnvoyTranslation

/// What one event cost, in numbers that are the same on every machine.
package struct WorkCounters: Hashable, Sendable {
  /// Parts of the snapshot that changed.
  package var keysChanged = 0
  /// Units of views that were planned.
  package var unitsPlanned = 0
  /// Inputs that plans asked the cache for.
  package var resourcesPlanned = 0
  /// Resources that no cache had, which were built, encoded and digested.
  package var resourcesEncoded = 0
  package var bytesEncoded = 0
  /// Resources of views that were published because their bytes differ.
  package var changesPublished = 0
  /// How often the proxy's stream was woken.
  package var wakes = 0
  /// What the proxy was sent.
  package var messages = 0
  package var resourcesSent = 0
  package var removalsSent = 0
  package var bytesSent = 0

  package init() {}

  /// The counters by the names that the baseline has.
  package var values: [(name: String, value: Int)] {
    [
      ("keysChanged", keysChanged), ("unitsPlanned", unitsPlanned),
      ("resourcesPlanned", resourcesPlanned), ("resourcesEncoded", resourcesEncoded),
      ("bytesEncoded", bytesEncoded),
      ("changesPublished", changesPublished), ("wakes", wakes), ("messages", messages),
      ("resourcesSent", resourcesSent), ("removalsSent", removalsSent), ("bytesSent", bytesSent),
    ]
  }
}

/// The counters of a pipeline at one moment.
struct PipelineCounters {
  var keysChanged: Int
  var translation: MeshTranslation.Counters
  var cache: ResourceCache.Counters

  init(_ pipeline: MeshPipeline) {
    keysChanged = pipeline.keysChanged
    translation = pipeline.translation.counters
    cache = pipeline.translation.cache.counters
  }

  /// The work between an earlier moment and this one.
  func work(since earlier: PipelineCounters) -> WorkCounters {
    var work = WorkCounters()
    work.keysChanged = keysChanged - earlier.keysChanged
    work.unitsPlanned = Int(translation.plannedUnits - earlier.translation.plannedUnits)
    work.resourcesPlanned = Int(cache.lookups - earlier.cache.lookups)
    work.resourcesEncoded = Int(cache.built - earlier.cache.built)
    work.bytesEncoded = Int(cache.builtBytes - earlier.cache.builtBytes)
    work.changesPublished = Int(
      translation.publishedChanges - earlier.translation.publishedChanges)
    return work
  }
}
