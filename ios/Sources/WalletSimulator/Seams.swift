import Foundation
import WalletKit

/// A card of the simulator, held to the phone until it is let go.
public actor SimulatedCard: CardLink {
    private static let longest = 4096
    private let socket: LoopbackSocket

    init(_ socket: LoopbackSocket) { self.socket = socket }

    /// One command and its answer.
    public func transceive(apdu: Data) throws -> Data {
        guard apdu.count <= Self.longest else { throw LinkError.TooLong }
        do {
            try socket.write(Data([UInt8(apdu.count >> 8), UInt8(apdu.count & 0xff)]) + apdu)
            let length = try socket.receive(2)
            return try socket.receive(Int(length[0]) << 8 | Int(length[1]))
        } catch {
            throw LinkError.TagLost
        }
    }

    /// What the simulated reader can carry.
    public func limits() -> LinkLimits { LinkLimits(maxCommand: UInt32(Self.longest), maxResponse: 65535, extended: true) }
}

/// An anchor that lasts as long as the process.
public actor MemoryAnchor: Anchor {
    private var bytes = Data()

    /// An empty one.
    public init() {}

    /// What was stored last.
    public func load() -> Data { bytes }

    /// Stores `bytes`, at most 256, and gives them back.
    public func store(bytes: Data) throws -> Data {
        guard bytes.count <= 256 else { throw AnchorError.Failed(osCode: EINVAL) }
        self.bytes = bytes
        return bytes
    }
}
