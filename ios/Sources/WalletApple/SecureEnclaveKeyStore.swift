#if canImport(LocalAuthentication) && canImport(Security) && canImport(CryptoKit)
    import Foundation
    @preconcurrency import LocalAuthentication
    import Security
    import WalletKit

    /// `KeyStore` in the Secure Enclave.
    ///
    /// Keys of copies and of the personal part ask for the finger or the face at each use and die when either is changed
    /// (`biometryCurrentSet`) or the passcode is removed; the wallet's own key and the key of the device part never ask. No key
    /// leaves this phone, in a backup or otherwise. Nothing is held while a prompt is shown.
    public final class SecureEnclaveKeyStore: KeyStore {
        private static let mostKeys: UInt32 = 64
        private static let longestWrapped = 64
        private static let signing = SecKeyAlgorithm.ecdsaSignatureMessageX962SHA256
        private static let wrapping = SecKeyAlgorithm.eciesEncryptionCofactorVariableIVX963SHA256AESGCM
        private let attestor: any Attestor
        private let prefix: String
        private let accessGroup: String?

        /// A store whose keys are named below `prefix`, in the Keychain's `accessGroup` when there is one.
        public init(
            attestor: any Attestor = AppAttestor(), prefix: String = "kr.example.wallet.key", accessGroup: String? = nil
        ) {
            (self.attestor, self.prefix, self.accessGroup) = (attestor, prefix, accessGroup)
        }

        /// Makes `count` keys (1 to 64). All of them, with their attestation, or none.
        public func create(policy: KeyPolicy, challenge: Data, count: UInt32) async throws -> CreatedKeys {
            guard let kind = KeyAlias.Kind(policy), (1...Self.mostKeys).contains(count) else { throw Self.misuse }
            // Asked before a key is made: without a finger or a face no such key can be.
            let label = kind.asks ? try Self.told { () throws(OsFailure) in try Asking.biometrics() } : nil
            var made: [NewKey] = []
            do {
                for _ in 0..<count {
                    try Task.checkCancellation()
                    made.append(try Self.told { () throws(OsFailure) in try make(KeyAlias(kind), label) })
                    // Each takes the hardware a while.
                    await Task.yield()
                }
                let keys = made.map(\.publicKey)
                // A wrapping key signs nothing and proves nothing; and opening a wallet needs no network.
                let attestation =
                    kind == .holder || kind == .instance
                    ? try await attestor.attest(challenge: challenge, keys: keys)
                    : Attestation.appAttest(keyId: Data(), object: Data(), assertion: Data())
                // Whoever was cancelled takes no keys.
                try Task.checkCancellation()
                return CreatedKeys(keys: made, attestation: attestation)
            } catch {
                // Keys that nobody vouches for would only fill the Keychain. That one of them stays changes nothing.
                for key in made { _ = KeyAlias(key.id).map(remove) }
                throw error is CancellationError ? KeyStoreError.UserCancelled : error
            }
        }

        /// Signs one message after one prompt.
        public func sign(key: HolderKeyId, requests: [SignRequest], prompt: Prompt) async throws -> [Data] {
            guard let request = requests.first, requests.count == 1 else { throw Self.misuse }
            let alias = try self.alias(key, [.holder])
            return [
                try await asked(alias, .useKeySign, prompt) { key throws(OsFailure) in
                    try Self.sign(request.message, key)
                }
            ]
        }

        /// Signs as the wallet, without a prompt.
        public func signInstance(key: InstanceKeyId, message: Data) async throws -> Data {
            let alias = try self.alias(key, [.instance])
            return try Self.told { () throws(OsFailure) in try Self.sign(message, find(alias).key) }
        }

        /// Encrypts at most 64 bytes to the public half of `key`, which asks nobody.
        public func wrap(key: WrapKeyId, plain: Data) async throws -> Data {
            guard plain.count <= Self.longestWrapped else { throw Self.misuse }
            let alias = try self.alias(key, [.wrapDevice, .wrapPerson])
            return try Self.told { () throws(OsFailure) in try Self.wrap(plain, find(alias).key) }
        }

        /// Decrypts what ``wrap(key:plain:)`` made; with one prompt when the key asks.
        public func unwrap(key: WrapKeyId, wrapped: Data, prompt: Prompt?) async throws -> Data {
            let alias = try self.alias(key, [.wrapDevice, .wrapPerson])
            guard alias.kind.asks else {
                return try Self.told { () throws(OsFailure) in try Self.unwrap(wrapped, find(alias).key) }
            }
            guard let prompt else { throw KeyStoreError.Failed(osCode: errSecInteractionRequired) }
            return try await asked(alias, .useKeyDecrypt, prompt) { key throws(OsFailure) in
                try Self.unwrap(wrapped, key)
            }
        }

        /// Deletes keys; gives back the names that are gone now, those that never were included.
        public func delete(ids: [String]) async throws -> [String] {
            ids.filter { id in KeyAlias(id).map { [errSecSuccess, errSecItemNotFound].contains(remove($0)) } ?? true }
        }

        private struct Found {
            let key: SecKey
            let label: String?
        }

        private static var misuse: KeyStoreError { .Failed(osCode: errSecParam) }

        /// The one way to a key that asks: is it there, one prompt, one operation under it.
        private func asked<Result>(
            _ alias: KeyAlias, _ operation: LAAccessControlOperation, _ prompt: Prompt,
            _ work: (SecKey) throws(OsFailure) -> Result
        ) async throws(KeyStoreError) -> Result {
            // A key that is gone asks nobody.
            let label = try Self.told { () throws(OsFailure) in try find(alias).label }
            let asking = Asking(prompt)
            defer { asking.end() }
            // Kept before the prompt: within its answer this question would block.
            let now = try Self.told { () throws(OsFailure) in try Asking.biometrics(asking.context) }
            do throws(OsFailure) {
                try await asking.ask(operation, Self.access(alias.kind))
                let result = try work(find(alias, asking.context).key)
                // It works, so Apple's mark has changed and the fingers have not.
                if let now, now != label { relabel(alias, now) }
                return result
            } catch {
                throw error.named(biometricsChanged: label != nil && now != nil && label != now)
            }
        }

        /// What was refused where nobody is asked, so that it says nothing of fingers or faces.
        private static func told<Result>(_ call: () throws(OsFailure) -> Result) throws(KeyStoreError) -> Result {
            do throws(OsFailure) { return try call() } catch { throw error.named() }
        }

        private func alias(_ id: String, _ kinds: [KeyAlias.Kind]) throws(KeyStoreError) -> KeyAlias {
            guard let alias = KeyAlias(id), kinds.contains(alias.kind) else { throw .KeyNotFound }
            return alias
        }

        private static func access(_ kind: KeyAlias.Kind) throws(OsFailure) -> SecAccessControl {
            // Staples are fetched in the background, when the phone may be locked but was opened once since it started.
            let protection =
                kind.asks ? kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly : kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
            let flags: SecAccessControlCreateFlags = kind.asks ? [.privateKeyUsage, .biometryCurrentSet] : [.privateKeyUsage]
            var error: Unmanaged<CFError>?
            guard let access = SecAccessControlCreateWithFlags(nil, protection, flags, &error) else { throw name(error) }
            return access
        }

        private func make(_ alias: KeyAlias, _ label: String?) throws(OsFailure) -> NewKey {
            var attributes: [CFString: Any] = [
                kSecAttrIsPermanent: true, kSecAttrApplicationTag: tag(alias), kSecAttrAccessControl: try Self.access(alias.kind),
            ]
            if let label { attributes[kSecAttrLabel] = label }
            if let accessGroup { attributes[kSecAttrAccessGroup] = accessGroup }
            let parameters: [CFString: Any] = [
                kSecAttrKeyType: kSecAttrKeyTypeECSECPrimeRandom, kSecAttrKeySizeInBits: 256,
                kSecAttrTokenID: kSecAttrTokenIDSecureEnclave, kSecPrivateKeyAttrs: attributes,
            ]
            var error: Unmanaged<CFError>?
            guard let key = SecKeyCreateRandomKey(parameters as CFDictionary, &error) else { throw Self.name(error) }
            guard let publicKey = SecKeyCopyPublicKey(key), let point = SecKeyCopyExternalRepresentation(publicKey, &error)
            else {
                _ = remove(alias)
                throw Self.name(error)
            }
            return NewKey(id: alias.text, publicKey: point as Data)
        }

        private func find(_ alias: KeyAlias, _ context: LAContext? = nil) throws(OsFailure) -> Found {
            var query = self.query(alias)
            query[kSecReturnRef] = true
            query[kSecReturnAttributes] = true
            if let context { query[kSecUseAuthenticationContext] = context }
            var item: CFTypeRef?
            let status = SecItemCopyMatching(query as CFDictionary, &item)
            guard status == errSecSuccess else { throw .security(status) }
            guard let attributes = item as? [String: Any], let reference = attributes[kSecValueRef as String] else {
                throw .security(errSecDecode)
            }
            // What the Keychain gives for a query of keys is a key; Swift cannot ask a Core Foundation type what it is.
            return Found(key: reference as! SecKey, label: attributes[kSecAttrLabel as String] as? String)
        }

        private func remove(_ alias: KeyAlias) -> OSStatus { SecItemDelete(query(alias) as CFDictionary) }

        /// That it fails costs one comparison more, next time.
        private func relabel(_ alias: KeyAlias, _ label: String) {
            _ = SecItemUpdate(query(alias) as CFDictionary, [kSecAttrLabel: label] as [CFString: Any] as CFDictionary)
        }

        private func query(_ alias: KeyAlias) -> [CFString: Any] {
            var query: [CFString: Any] = [
                kSecClass: kSecClassKey, kSecAttrApplicationTag: tag(alias), kSecAttrTokenID: kSecAttrTokenIDSecureEnclave,
                kSecUseDataProtectionKeychain: true,
            ]
            if let accessGroup { query[kSecAttrAccessGroup] = accessGroup }
            return query
        }

        private func tag(_ alias: KeyAlias) -> Data { Data("\(prefix).\(alias.text)".utf8) }

        private static func sign(_ message: Data, _ key: SecKey) throws(OsFailure) -> Data {
            var error: Unmanaged<CFError>?
            guard let der = SecKeyCreateSignature(key, signing, message as CFData, &error) else { throw name(error) }
            guard let raw = EcdsaSignature.raw(der as Data) else { throw .security(errSecDecode) }
            return raw
        }

        private static func wrap(_ plain: Data, _ key: SecKey) throws(OsFailure) -> Data {
            guard let publicKey = SecKeyCopyPublicKey(key) else { throw .security(errSecDecode) }
            var error: Unmanaged<CFError>?
            guard let wrapped = SecKeyCreateEncryptedData(publicKey, wrapping, plain as CFData, &error) else { throw name(error) }
            return wrapped as Data
        }

        private static func unwrap(_ wrapped: Data, _ key: SecKey) throws(OsFailure) -> Data {
            var error: Unmanaged<CFError>?
            guard let plain = SecKeyCreateDecryptedData(key, wrapping, wrapped as CFData, &error) else { throw name(error) }
            return plain as Data
        }

        private static func name(_ error: Unmanaged<CFError>?) -> OsFailure {
            guard let error = error?.takeRetainedValue() else { return OsFailure(source: .other, code: -1) }
            let source: FailureSource =
                switch CFErrorGetDomain(error) as String {
                case LAErrorDomain: .localAuthentication
                case NSOSStatusErrorDomain: .security
                case "CryptoTokenKit": .cryptoToken
                default: .other
                }
            return OsFailure(source: source, code: CFErrorGetCode(error))
        }
    }
#endif
