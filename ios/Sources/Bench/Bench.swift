import Foundation

/// `Bench show [ROUNDS]` and `Bench memory [SHOWS]`; docs/benchmarks.md says what they measure. One JSON line each.
@main
enum Bench {
    private static let warmUp = 100
    private static let rounds = 300
    private static let shows = 10_000
    private static let allowedKib = 4 * 1024

    static func main() async throws {
        let arguments = CommandLine.arguments.dropFirst()
        let count = arguments.dropFirst().first.flatMap { Int($0) }
        switch arguments.first {
        case "show": try await show(count ?? rounds)
        case "memory": exit(try await memory(count ?? shows) <= allowedKib ? 0 : 1)
        default:
            print("usage: Bench show [ROUNDS] | memory [SHOWS]")
            exit(2)
        }
    }

    /// The time of a whole show (open, unlock, show, four frames, close) outside the seam's own methods: all of it, minus what
    /// passes between entry and exit of each method of the key store, the anchor and the clock.
    private static func show(_ rounds: Int) async throws {
        let phone = try await EnrolledPhone()
        let watch = Stopwatch()
        var outside: [UInt64] = []
        var calls = 0
        for round in 0..<warmUp + rounds {
            try await phone.restore()
            watch.reset()
            let begin = DispatchTime.now().uptimeNanoseconds
            try await phone.show(watch)
            let total = DispatchTime.now().uptimeNanoseconds - begin
            if round >= warmUp { outside.append(total - watch.nanoseconds) }
            calls = watch.calls
        }
        outside.sort()
        let at = [("best", 0), ("p10", 10), ("median", 50), ("p95", 95)].map { name, percent in
            "\"\(name)_us\":\(outside[rounds * percent / 100] / 1000)"
        }
        print("{\"rounds\":\(rounds),\(at.joined(separator: ",")),\"seam_calls\":\(calls),\"language\":\"swift\"}")
    }

    /// Resident memory after a tenth of the shows, when heaps and caches have their size, and at the end.
    private static func memory(_ shows: Int) async throws -> Int {
        let phone = try await EnrolledPhone()
        let watch = Stopwatch()
        var first = 0
        for show in 1...shows {
            try await phone.restore()
            try await phone.show(watch)
            if show == shows / 10 { first = try resident() }
            if show % max(1, shows / 10) == 0 {
                FileHandle.standardError.write(Data("\(show) shows: \(try resident()) KiB\n".utf8))
            }
        }
        let last = try resident()
        print("{\"shows\":\(shows),\"after_warm_up_kib\":\(first),\"at_end_kib\":\(last),\"language\":\"swift\"}")
        return last - first
    }

    private static func resident() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    }
}
