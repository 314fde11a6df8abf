import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// ``Http`` over `URLSession`: the system's TLS, no redirect followed, no cookie, no cache, answers up to 1 MiB.
public final class URLSessionHttp: NSObject, Http, @unchecked Sendable {
    private static let largest = 1 << 20
    /// `NSURLErrorDataLengthExceedsMaximum`, which Foundation on Linux does not name.
    private static let tooLong: Int32 = -1103
    private let session: URLSession

    /// A client that gives up after `timeout` seconds of silence.
    public init(timeout: TimeInterval = 30) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = timeout
        configuration.timeoutIntervalForResource = 2 * timeout
        configuration.urlCache = nil
        configuration.httpCookieStorage = nil
        configuration.httpShouldSetCookies = false
        session = URLSession(configuration: configuration, delegate: Refusals(), delegateQueue: nil)
        super.init()
    }

    deinit { session.invalidateAndCancel() }

    /// Sends one request.
    public func send(request: HttpRequest) async throws -> HttpResponse {
        guard let url = URL(string: request.url), ["https", "http"].contains(url.scheme ?? "") else {
            throw HttpError.Failed(osCode: Int32(URLError.Code.badURL.rawValue))
        }
        var sent = URLRequest(url: url)
        sent.httpMethod = request.method == .get ? "GET" : "POST"
        if request.method == .post { sent.httpBody = request.body }
        for (name, value) in request.headers { sent.setValue(value, forHTTPHeaderField: name) }
        let (body, answer): (Data, URLResponse)
        do {
            (body, answer) = try await session.data(for: sent)
        } catch let error as URLError {
            throw Self.name(error)
        }
        guard let answer = answer as? HTTPURLResponse, body.count <= Self.largest else {
            throw HttpError.Failed(osCode: Self.tooLong)
        }
        var headers: [String: String] = [:]
        for (name, value) in answer.allHeaderFields { headers["\(name)".lowercased()] = "\(value)" }
        return HttpResponse(status: UInt16(answer.statusCode), headers: headers, body: body)
    }

    private static func name(_ error: URLError) -> HttpError {
        switch error.code {
        case .notConnectedToInternet, .cannotConnectToHost, .cannotFindHost, .dnsLookupFailed, .networkConnectionLost:
            .Offline
        case .timedOut: .Timeout
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
            .Tls
        default: .Failed(osCode: Int32(error.code.rawValue))
        }
    }

    private final class Refusals: NSObject, URLSessionTaskDelegate, Sendable {
        func urlSession(
            _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
            newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
        ) {
            completionHandler(nil)
        }
    }
}
