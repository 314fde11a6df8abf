import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// `Http` over `URLSession`: the system's TLS, no redirect followed, no cookie, no cache. An answer past 1 MiB
/// is cancelled while it arrives and no more than that is kept of it. It speaks in the clear to this very device only.
public final class URLSessionHttp: Http {
    /// `NSURLErrorDataLengthExceedsMaximum`, which Foundation on Linux does not name: the code of an answer that is too long.
    public static let tooLong: Int32 = -1103
    private let session: URLSession
    private let exchanges = Exchanges()
    private let clearHost: String?

    /// A client that gives up after `timeout` seconds of silence.
    ///
    /// `allowCleartextTo` is for **development only**: one more host that may be spoken to without TLS, such as the computer
    /// whose simulator an iPhone uses.
    public init(timeout: TimeInterval = 30, allowCleartextTo clearHost: String? = nil) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeout
        configuration.timeoutIntervalForResource = 2 * timeout
        configuration.urlCache = nil
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        session = URLSession(configuration: configuration, delegate: exchanges, delegateQueue: nil)
        self.clearHost = clearHost
    }

    deinit { session.invalidateAndCancel() }

    /// Sends one request. Cancelling the task ends it.
    public func send(request: HttpRequest) async throws -> HttpResponse {
        guard let url = URL(string: request.url), let scheme = url.scheme?.lowercased(), let host = url.host,
            ["https", "http"].contains(scheme)
        else { throw HttpError.Failed(osCode: Int32(URLError.Code.badURL.rawValue)) }
        guard scheme == "https" || mayBeClear(host) else { throw HttpError.Tls }
        var sent = URLRequest(url: url)
        sent.httpMethod = request.method == .get ? "GET" : "POST"
        if request.method == .post { sent.httpBody = request.body }
        for (name, value) in request.headers { sent.setValue(value, forHTTPHeaderField: name) }
        // Nothing is sent for whoever has gone.
        guard !Task.isCancelled else { throw Exchanges.cancelled }
        let task = session.dataTask(with: sent)
        defer { exchanges.forget(task.taskIdentifier) }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                if exchanges.begin(task.taskIdentifier, continuation) { task.resume() }
            }
        } onCancel: {
            // It may come before the request is on its way, whose end is then told to nobody.
            exchanges.cancel(task.taskIdentifier)
            task.cancel()
        }
    }

    private func mayBeClear(_ host: String) -> Bool {
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false)
        let loopback = numbers.count == 4 && numbers.allSatisfy { UInt8($0) != nil } && numbers.first == "127"
        return loopback || ["localhost", "::1", "[::1]"].contains(host) || host == clearHost
    }
}

/// The requests on their way. The session calls from a queue of its own, one call at a time.
private final class Exchanges: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private static let largest = 1 << 20

    private struct Exchange {
        let continuation: CheckedContinuation<HttpResponse, any Error>
        var body = Data()
        var isTooLong = false
    }

    static let cancelled = HttpError.Failed(osCode: Int32(URLError.Code.cancelled.rawValue))
    private let lock = NSLock()
    private var running: [Int: Exchange] = [:]
    /// Cancelled before they began.
    private var gone: Set<Int> = []

    /// Whether it has begun; one that was cancelled before has ended.
    func begin(_ id: Int, _ continuation: CheckedContinuation<HttpResponse, any Error>) -> Bool {
        let isGone = lock.withLock {
            if gone.remove(id) != nil { return true }
            running[id] = Exchange(continuation: continuation)
            return false
        }
        if isGone { continuation.resume(throwing: Self.cancelled) }
        return !isGone
    }

    func cancel(_ id: Int) {
        let exchange = lock.withLock { () -> Exchange? in
            let exchange = running.removeValue(forKey: id)
            if exchange == nil { gone.insert(id) }
            return exchange
        }
        exchange?.continuation.resume(throwing: Self.cancelled)
    }

    func forget(_ id: Int) { lock.withLock { _ = gone.remove(id) } }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        let isTooLong = response.expectedContentLength > Int64(Self.largest)
        if isTooLong { lock.withLock { running[dataTask.taskIdentifier]?.isTooLong = true } }
        completionHandler(isTooLong ? .cancel : .allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLong = lock.withLock { () -> Bool in
            guard var exchange = running.removeValue(forKey: dataTask.taskIdentifier) else { return true }
            if exchange.isTooLong || exchange.body.count + data.count > Self.largest {
                exchange.isTooLong = true
                exchange.body = Data()
            } else {
                exchange.body.append(data)
            }
            running[dataTask.taskIdentifier] = exchange
            return exchange.isTooLong
        }
        if isTooLong { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard let exchange = lock.withLock({ running.removeValue(forKey: task.taskIdentifier) }) else { return }
        if exchange.isTooLong {
            exchange.continuation.resume(throwing: HttpError.Failed(osCode: URLSessionHttp.tooLong))
        } else if let error {
            exchange.continuation.resume(throwing: Self.name(error))
        } else if let answer = task.response as? HTTPURLResponse, let status = UInt16(exactly: answer.statusCode) {
            var headers: [String: String] = [:]
            for (name, value) in answer.allHeaderFields { headers["\(name)".lowercased()] = "\(value)" }
            exchange.continuation.resume(returning: HttpResponse(status: status, headers: headers, body: exchange.body))
        } else {
            let code = Int32(URLError.Code.badServerResponse.rawValue)
            exchange.continuation.resume(throwing: HttpError.Failed(osCode: code))
        }
    }

    /// Foundation on Linux has no code for a secure connection that failed: the words of libcurl are all it gives.
    private static func isTls(_ error: URLError) -> Bool {
        #if canImport(FoundationNetworking)
            return error.code == .unknown && ["SSL", "TLS", "certificate"].contains { error.localizedDescription.contains($0) }
        #else
            return false
        #endif
    }

    private static func name(_ error: any Error) -> HttpError {
        guard let error = error as? URLError else { return .Failed(osCode: -1) }
        switch error.code {
        case .notConnectedToInternet, .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed, .networkConnectionLost,
            .internationalRoamingOff, .dataNotAllowed:
            return .Offline
        case .timedOut: return .Timeout
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid, .clientCertificateRejected,
            .clientCertificateRequired, .appTransportSecurityRequiresSecureConnection:
            return .Tls
        default: return isTls(error) ? .Tls : .Failed(osCode: Int32(error.code.rawValue))
        }
    }
}
