import Foundation
import WalletKit

/// A card of the simulator, held to the phone until it is let go.
public actor SimulatedCard: CardLink {
    private let socket: LoopbackSocket

    init(_ socket: LoopbackSocket) { self.socket = socket }

    /// One command and its answer.
    public func transceive(apdu: Data) throws -> Data {
        do {
            try socket.write(Data([UInt8(apdu.count >> 8), UInt8(apdu.count & 0xff)]) + apdu)
            let length = try socket.receive(2)
            return try socket.receive(Int(length[0]) << 8 | Int(length[1]))
        } catch {
            throw LinkError.TagLost
        }
    }

    /// What the simulated reader can carry.
    public func limits() -> LinkLimits { LinkLimits(maxCommand: 4096, maxResponse: 65535, extended: true) }
}

/// An anchor that lasts as long as the process.
public actor MemoryAnchor: Anchor {
    private var bytes = Data()

    /// An empty one.
    public init() {}

    /// What was stored last.
    public func load() -> Data { bytes }

    /// Stores `bytes` and gives them back.
    public func store(bytes: Data) -> Data {
        self.bytes = bytes
        return bytes
    }
}

/// The system's clock.
public final class SystemClock: Clock {
    /// The clock.
    public init() {}

    /// Now.
    public func now() -> Now { Now(unixSeconds: Int64(Date().timeIntervalSince1970)) }
}
