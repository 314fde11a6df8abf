import WalletKit

extension Prompt {
    /// What the system's dialog says below the app's name. `LAContext` ends the app for an empty text, so this is never empty.
    ///
    /// Face ID shows it only after a first miss: the app's own screen has to say what will be shown, and to whom, before it asks.
    var localizedReason: String {
        let lines = [title, reason].filter { !$0.isEmpty }
        return lines.isEmpty ? "ID" : lines.joined(separator: "\n")
    }
}
