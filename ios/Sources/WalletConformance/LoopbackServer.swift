import Foundation

#if canImport(Glibc)
    import Glibc
    private let stream = Int32(SOCK_STREAM.rawValue)
    private let quietly = Int32(MSG_NOSIGNAL)
#else
    import Darwin
    private let stream = SOCK_STREAM
    private let quietly: Int32 = 0
#endif

/// The few answers that the suite of `Http` needs, on loopback.
///
/// `/echo` gives the body back · `/redirect` leads to it · `/full` is 1 MiB, `/over` a byte more · `/endless` never ends and
/// does not say so · `/drip` says a word now and then · `/silent` says nothing · anything else is not found.
public final class LoopbackServer: @unchecked Sendable {
    private static let mib = 1 << 20
    /// Where it listens: `http://127.0.0.1:PORT`.
    public let base: String
    private let listening: Int32
    private let lock = NSLock()
    private var written = 0
    private var heads = 0
    private var open = 0

    /// Starts it.
    public init() throws {
        let descriptor = socket(AF_INET, stream, 0)
        var at = sockaddr_in()
        at.sin_family = sa_family_t(AF_INET)
        at.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &at) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard bound else { throw Violation(description: "no port on loopback is free") }
        listening = descriptor
        base = "http://127.0.0.1:\(UInt16(bigEndian: at.sin_port))"
        Thread.detachNewThread { [weak self] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0, let self else { return }
                Thread.detachNewThread { self.serve(connection) }
            }
        }
    }

    /// How many bytes of bodies it could send so far.
    public var sent: Int { lock.withLock { written } }

    /// How many requests have come so far.
    public var asked: Int { lock.withLock { heads } }

    /// Whether requests have come, and none is being answered any more.
    public var isDone: Bool { lock.withLock { heads > 0 && open == 0 } }

    /// Waits until this is so, a minute at most.
    public func until(_ isSo: (LoopbackServer) -> Bool) async throws {
        for _ in 0..<6000 {
            if isSo(self) { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Violation(description: "the server waited a minute in vain")
    }

    /// Takes no more connections.
    public func stop() {
        shutdown(listening, Int32(SHUT_RDWR))
        close(listening)
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        #if canImport(Darwin)
            var on: Int32 = 1
            setsockopt(connection, SOL_SOCKET, SO_NOSIGPIPE, &on, socklen_t(MemoryLayout<Int32>.size))
        #endif
        var request = Data()
        let end = Data("\r\n\r\n".utf8)
        while request.range(of: end) == nil {
            guard receive(connection, &request) else { return }
            // The record of a TLS handshake: a server without TLS takes it for a bad request.
            if request.first == 0x16 { return answer(connection, "400 Bad Request", Data()) }
        }
        guard let head = request.range(of: end) else { return }
        let lines = String(decoding: request[..<head.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
        let expected = length.flatMap { Int($0.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces)) } ?? 0
        while request.count < head.upperBound + expected { guard receive(connection, &request) else { return } }
        lock.withLock { (heads, open) = (heads + 1, open + 1) }
        defer { lock.withLock { open -= 1 } }
        let path = lines.first?.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        switch path {
        case "/echo": answer(connection, "200 OK", request[head.upperBound...])
        case "/redirect": answer(connection, "302 Found", Data(), "Location: /echo\r\n")
        case "/full": answer(connection, "200 OK", Data(count: Self.mib))
        case "/over": answer(connection, "200 OK", Data(count: Self.mib + 1))
        case "/endless":
            guard send(connection, Data("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8)) else { return }
            let part = Data(count: 65536)
            while send(connection, part) { lock.withLock { written += part.count } }
        case "/drip":
            var drop = Data("HTTP/1.1 200 OK\r\nContent-Length: \(Self.mib)\r\nConnection: close\r\n\r\n".utf8)
            while send(connection, drop) {
                lock.withLock { written += 1 }
                drop = Data(".".utf8)
                Thread.sleep(forTimeInterval: 0.1)
            }
        case "/silent":
            var rest = Data()
            while receive(connection, &rest) {}
        default: answer(connection, "404 Not Found", Data())
        }
    }

    private func answer(_ connection: Int32, _ status: String, _ body: Data, _ header: String = "") {
        let head =
            "HTTP/1.1 \(status)\r\nContent-Length: \(body.count)\r\nX-Mixed-Case: yes\r\nConnection: close\r\n\(header)\r\n"
        // A client that has read enough hangs up.
        if send(connection, Data(head.utf8) + body) { lock.withLock { written += body.count } }
    }

    private func send(_ connection: Int32, _ bytes: Data) -> Bool {
        var left = bytes[...]
        while !left.isEmpty {
            #if canImport(Glibc)
                let count = left.withUnsafeBytes { Glibc.send(connection, $0.baseAddress, $0.count, quietly) }
            #else
                let count = left.withUnsafeBytes { Darwin.send(connection, $0.baseAddress, $0.count, quietly) }
            #endif
            guard count > 0 else { return false }
            left = left.dropFirst(count)
        }
        return true
    }

    private func receive(_ connection: Int32, _ into: inout Data) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(connection, &buffer, buffer.count)
        guard count > 0 else { return false }
        into.append(contentsOf: buffer[..<count])
        return true
    }
}
