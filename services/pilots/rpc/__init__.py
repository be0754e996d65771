"""The pilots over gRPC: protobuf to flows and back; decides nothing."""
