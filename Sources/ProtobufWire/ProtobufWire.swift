// ProtobufWire
