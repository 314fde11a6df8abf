import Foundation

#if canImport(Glibc)
    import Glibc
    private let stream = Int32(SOCK_STREAM.rawValue)
    // A card that has left is an error, not a signal that ends the process.
    private let quietly = Int32(MSG_NOSIGNAL)
#else
    import Darwin
    private let stream = SOCK_STREAM
    // Darwin's send has no such flag; the socket is told instead.
    private let quietly: Int32 = 0
#endif

/// A blocking TCP connection to a port on loopback.
final class LoopbackSocket: @unchecked Sendable {
    private let descriptor: Int32

    init(_ address: String) throws {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw SimulatorError.malformed }
        descriptor = socket(AF_INET, stream, 0)
        var on: Int32 = 1
        #if canImport(Darwin)
            setsockopt(descriptor, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        var to = sockaddr_in()
        to.sin_family = sa_family_t(AF_INET)
        to.sin_port = port.bigEndian
        to.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let connected = withUnsafePointer(to: &to) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            throw SimulatorError.notThere(address)
        }
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    func write(_ bytes: Data) throws {
        var left = bytes[...]
        while !left.isEmpty {
            let sent = left.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, quietly) }
            guard sent > 0 else { throw SimulatorError.gone }
            left = left.dropFirst(sent)
        }
    }

    func receive(_ count: Int) throws -> Data {
        var all = Data()
        while all.count < count { all.append(try some(count - all.count)) }
        return all
    }

    func receiveLine() throws -> Data {
        var line = Data()
        while line.last != 0x0a { line.append(try some(65536)) }
        return line
    }

    private func some(_ most: Int) throws -> Data {
        var buffer = [UInt8](repeating: 0, count: most)
        let got = read(descriptor, &buffer, most)
        guard got > 0 else { throw SimulatorError.gone }
        return Data(buffer[..<got])
    }
}
