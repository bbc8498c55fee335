internal import CProcess

/// The C library's heap, which by default keeps what it once had.
package enum Heap {
  /// Makes large blocks go back to the system when they are freed; for the start of a process.
  ///
  /// A burst of new proxies needs megabytes for a moment. glibc raises the size from which a block has a
  /// mapping of its own with every such block, and has eight arenas a core, each with holes.
  package static func giveBack() {
    skein_configure_heap(2)
  }
}
