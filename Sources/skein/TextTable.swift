internal import StreamingJSON

/// Columns of text, each as wide as its widest cell.
struct TextTable {
  private var rows: [[String]]

  init(_ header: [String]) {
    rows = [header]
  }

  mutating func add(_ row: [String]) {
    rows.append(row)
  }

  var text: String {
    var widths: [Int] = []
    for row in rows {
      for (index, cell) in row.enumerated() {
        if index < widths.count {
          widths[index] = max(widths[index], cell.count)
        } else {
          widths.append(cell.count)
        }
      }
    }
    return rows.map { row in
      row.enumerated().map { index, cell in
        let isLast = index == row.count - 1
        return isLast ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
      }.joined(separator: "   ")
    }.joined(separator: "\n")
  }
}

extension JSONValue {
  /// A member of an object; null where there is none.
  subscript(at key: String) -> JSONValue {
    if case .object(let object) = self { object[key] ?? .null } else { .null }
  }

  /// The elements of an array; none of anything else.
  var elements: [JSONValue] {
    if case .array(let elements) = self { elements } else { [] }
  }

  /// A scalar as text.
  var text: String {
    switch self {
    case .string(let text): text
    case .integer(let number): String(number)
    case .number(let number): String(number)
    case .bool(let flag): String(flag)
    case .null, .array, .object: ""
    }
  }
}
