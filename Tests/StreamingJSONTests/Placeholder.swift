// StreamingJSON
