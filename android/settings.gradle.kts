// The build for phones: needs the Android SDK and, for the library, the NDK (android/build-ndk). What is tested without them is Maven's: ci/kotlin.
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode = RepositoriesMode.FAIL_ON_PROJECT_REPOS
    repositories {
        google()
        mavenCentral()
    }
}

rootProject.name = "wallet"
include(":walletkit", ":walletkit-android", ":conformance", ":simulator", ":app")
