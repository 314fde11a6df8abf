@_exported import Foundation

open class BGTaskRequest: NSObject {
    override init() {}
    open var earliestBeginDate: Foundation.Date?
}
open class BGAppRefreshTaskRequest: BGTaskRequest {
    public init(identifier: String) {}
}
open class BGTaskScheduler: NSObject {
    override init() {}
    open class var shared: BGTaskScheduler { BGTaskScheduler() }
    open func submit(_ taskRequest: BGTaskRequest) throws {}
}
