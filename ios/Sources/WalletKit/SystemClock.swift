import Foundation

/// `Clock` by the system's wall clock.
public final class SystemClock: Clock {
    /// The clock.
    public init() {}

    /// Now.
    public func now() -> Now { Now(unixSeconds: Int64(Date().timeIntervalSince1970)) }
}
