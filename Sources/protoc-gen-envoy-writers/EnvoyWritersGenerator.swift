import SwiftProtobuf
import SwiftProtobufPluginLibrary

@main
struct EnvoyWritersGenerator: CodeGenerator {
  var supportedFeatures: [Google_Protobuf_Compiler_CodeGeneratorResponse.Feature] {
    [.proto3Optional]
  }

  func generate(
    files: [FileDescriptor], parameter: any CodeGeneratorParameter,
    protoCompilerContext: any ProtoCompilerContext, generatorOutputs: any GeneratorOutputs
  ) throws {
    let names = SwiftNames(files: files)
    var schemas = SchemaSource()
    for file in files where !file.messages.isEmpty || !file.enums.isEmpty {
      var writer = WriterSource(names: names)
      writer.emit(file)
      try generatorOutputs.add(fileName: names.fileName(file), contents: writer.text)
      schemas.add(file)
    }
    try generatorOutputs.add(fileName: "schemas.swift", contents: schemas.text)
  }
}
