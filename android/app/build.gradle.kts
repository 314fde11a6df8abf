plugins {
    id("com.android.application")
    kotlin("android")
}

android {
    namespace = "kr.example.wallet.app"
    compileSdk = 35

    defaultConfig {
        applicationId = "kr.example.wallet.app"
        minSdk = 30
        targetSdk = 34
        versionCode = 1
        versionName = "0.1.0"
        ndk { abiFilters += listOf("arm64-v8a", "armeabi-v7a", "x86_64", "x86") }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"))
        }
        // The simulator in place of issuer and hardware: src/development.
        create("development") {
            initWith(getByName("debug"))
            matchingFallbacks += "debug"
        }
    }

    // These run on Robolectric, by Maven.
    sourceSets["test"].kotlin.setSrcDirs(emptyList<String>())

    compileOptions {
        sourceCompatibility = JavaVersion.VERSION_17
        targetCompatibility = JavaVersion.VERSION_17
    }

    // Uncompressed and aligned to 16 KiB in the package, so that the library is mapped from it.
    packaging { jniLibs { useLegacyPackaging = false } }
}

kotlin { jvmToolchain(17) }

dependencies {
    implementation(project(":walletkit-android"))
    implementation("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
    implementation("com.google.zxing:core:3.5.4")
    "developmentImplementation"(project(":simulator"))
}
