/// A sequence whose work starts with its first loop, drops no event, and is cancelled when the loop ends early.
struct Events<Element: Sendable>: AsyncSequence, Sendable {
    typealias Failure = WalletError
    typealias Tell = @Sendable (Element) -> Void
    let work: @Sendable (@escaping Tell) async throws(WalletError) -> Void

    init(_ work: @escaping @Sendable (@escaping Tell) async throws(WalletError) -> Void) { self.work = work }

    func makeAsyncIterator() -> Iterator {
        let work = self.work
        let stream = AsyncStream<Result<Element, WalletError>> { continuation in
            let task = Task {
                do throws(WalletError) {
                    try await work { _ = continuation.yield(.success($0)) }
                } catch {
                    continuation.yield(.failure(error))
                }
                continuation.finish()
            }
            continuation.onTermination = { _ in task.cancel() }
        }
        return Iterator(results: stream.makeAsyncIterator())
    }

    struct Iterator: AsyncIteratorProtocol {
        var results: AsyncStream<Result<Element, WalletError>>.Iterator

        mutating func next() async throws(WalletError) -> Element? {
            try await next(isolation: nil)
        }

        mutating func next(isolation actor: isolated (any Actor)?) async throws(WalletError) -> Element? {
            try await results.next(isolation: actor)?.get()
        }
    }
}
