import Foundation

@MainActor open class UIView: NSObject {
    public init(frame: CGRect) {}
    open class var layerClass: AnyClass { CALayer.self }
    open var layer: CALayer { CALayer() }
}
// Core Animation, which UIKit brings along.
@MainActor open class CALayer: NSObject {
    override public init() {}
}
public final class UIImage: NSObject, @unchecked Sendable {
    public init?(data: Data) {}
}
@MainActor open class UIScreen: NSObject {
    override init() {}
    open var brightness: CGFloat = 0
}
@MainActor open class UIScene: NSObject {
    override init() {}
}
@MainActor open class UIWindowScene: UIScene {
    open var screen: UIScreen { UIScreen() }
}
@MainActor open class UIApplication: NSObject {
    override init() {}
    open class var shared: UIApplication { UIApplication() }
    open var connectedScenes: Set<UIScene> { [] }
    open func beginBackgroundTask(
        expirationHandler handler: (@MainActor @Sendable () -> Void)? = nil
    ) -> UIBackgroundTaskIdentifier { .invalid }
    open func endBackgroundTask(_ identifier: UIBackgroundTaskIdentifier) {}
}
public struct UIBackgroundTaskIdentifier: Hashable, Sendable {
    public static let invalid = UIBackgroundTaskIdentifier()
}
public enum UIKeyboardType: Int { case `default`, numberPad }
