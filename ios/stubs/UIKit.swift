import Foundation

@MainActor open class UIView: NSObject {
    public init(frame: CGRect) {}
    open var layer: CALayer { CALayer() }
    open var bounds: CGRect { .zero }
}
// Core Animation, which UIKit brings along.
@MainActor open class CALayer: NSObject {
    override public init() {}
    open var frame = CGRect.zero
    open func addSublayer(_ layer: CALayer) {}
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
}
public enum UIKeyboardType: Int { case `default`, numberPad }
