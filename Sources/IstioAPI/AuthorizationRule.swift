package import StreamingJSON

/// Conditions on one request; all parts that are given have to match.
package struct AuthorizationRule: Hashable, Sendable {
  /// Sources, of which one has to match. Unset: any.
  package var from: [AuthorizationFrom]?
  /// Operations, of which one has to match. Unset: any.
  package var to: [AuthorizationTo]?
  /// Further conditions, which all have to match.
  package var when: [AuthorizationCondition]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    from: [AuthorizationFrom]? = nil,
    to: [AuthorizationTo]? = nil,
    when: [AuthorizationCondition] = []
  ) {
    self.from = from
    self.to = to
    self.when = when
  }
}

extension AuthorizationRule: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "from": from = try reader.read()
      case "to": to = try reader.read()
      case "when": when = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// One entry of `from`.
package struct AuthorizationFrom: Hashable, Sendable {
  /// The source.
  package var source: AuthorizationSource?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    source: AuthorizationSource? = nil
  ) {
    self.source = source
  }
}

extension AuthorizationFrom: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "source": source = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// One entry of `to`.
package struct AuthorizationTo: Hashable, Sendable {
  /// The operation.
  package var operation: AuthorizationOperation?

  /// Creates a value; what is left out is as if it were not written.
  package init(
    operation: AuthorizationOperation? = nil
  ) {
    self.operation = operation
  }
}

extension AuthorizationTo: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "operation": operation = try reader.read()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// What is asked for; all fields that are given have to match.
package struct AuthorizationOperation: Hashable, Sendable {
  /// Hosts, without regard to case.
  package var hosts: [String]
  /// Hosts that do not match.
  package var notHosts: [String]
  /// Ports of the destination.
  package var ports: [String]
  /// Ports that do not match.
  package var notPorts: [String]
  /// Methods.
  package var methods: [String]
  /// Methods that do not match.
  package var notMethods: [String]
  /// Paths: exact, prefix, suffix, presence or a template with `{*}` and `{**}`.
  package var paths: [String]
  /// Paths that do not match.
  package var notPaths: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    hosts: [String] = [],
    notHosts: [String] = [],
    ports: [String] = [],
    notPorts: [String] = [],
    methods: [String] = [],
    notMethods: [String] = [],
    paths: [String] = [],
    notPaths: [String] = []
  ) {
    self.hosts = hosts
    self.notHosts = notHosts
    self.ports = ports
    self.notPorts = notPorts
    self.methods = methods
    self.notMethods = notMethods
    self.paths = paths
    self.notPaths = notPaths
  }
}

extension AuthorizationOperation: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "hosts": hosts = try reader.readStrings()
      case "notHosts": notHosts = try reader.readStrings()
      case "ports": ports = try reader.readStrings()
      case "notPorts": notPorts = try reader.readStrings()
      case "methods": methods = try reader.readStrings()
      case "notMethods": notMethods = try reader.readStrings()
      case "paths": paths = try reader.readStrings()
      case "notPaths": notPaths = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}

/// A condition on one attribute.
package struct AuthorizationCondition: Hashable, Sendable {
  /// The attribute, such as `request.headers[x-user]`.
  package var key: String
  /// Values that match.
  package var values: [String]
  /// Values that do not match.
  package var notValues: [String]

  /// Creates a value; what is left out is as if it were not written.
  package init(
    key: String = "",
    values: [String] = [],
    notValues: [String] = []
  ) {
    self.key = key
    self.values = values
    self.notValues = notValues
  }
}

extension AuthorizationCondition: JSONReadable {
  /// Reads the value from its JSON object.
  package init(from reader: inout JSONReader) throws(JSONDecodingError) {
    self.init()
    try reader.beginObject()
    while let key = try reader.nextKey() {
      switch key {
      case "key": self.key = try reader.read()
      case "values": values = try reader.readStrings()
      case "notValues": notValues = try reader.readStrings()
      default: try reader.skipUnknownField()
      }
    }
  }
}
