#if canImport(Security)
    import Foundation
    import Security
    import WalletKit

    /// `Anchor` in the Keychain: it stays on this phone, is in no backup, and outlives the app's files.
    public final class KeychainAnchor: Anchor {
        private static let longest = 256
        private let service: String
        private let accessGroup: String?

        /// The anchor called `service`, in the Keychain's `accessGroup` when there is one.
        public init(service: String = "kr.example.wallet.anchor", accessGroup: String? = nil) {
            (self.service, self.accessGroup) = (service, accessGroup)
        }

        /// What was stored last; empty at first.
        public func load() async throws -> Data {
            var query = self.query
            query[kSecReturnData] = true
            var item: CFTypeRef?
            let status = SecItemCopyMatching(query as CFDictionary, &item)
            if status == errSecItemNotFound { return Data() }
            guard status == errSecSuccess else { throw anchorError(Int(status)) }
            guard let bytes = item as? Data else { throw AnchorError.Failed(osCode: errSecDecode) }
            return bytes
        }

        /// Stores at most 256 bytes; gives back what the Keychain then has.
        public func store(bytes: Data) async throws -> Data {
            guard bytes.count <= Self.longest else { throw AnchorError.Failed(osCode: errSecParam) }
            let change: [CFString: Any] = [
                kSecValueData: bytes, kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
            ]
            var status = SecItemUpdate(query as CFDictionary, change as CFDictionary)
            if status == errSecItemNotFound {
                status = SecItemAdd(query.merging(change) { $1 } as CFDictionary, nil)
            }
            guard status == errSecSuccess else { throw anchorError(Int(status)) }
            return try await load()
        }

        private var query: [CFString: Any] {
            var query: [CFString: Any] = [
                kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecAttrAccount: "wallet",
                kSecAttrSynchronizable: false, kSecUseDataProtectionKeychain: true,
            ]
            if let accessGroup { query[kSecAttrAccessGroup] = accessGroup }
            return query
        }
    }
#endif
